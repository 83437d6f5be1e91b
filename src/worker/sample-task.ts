import type { LoadedApp } from "../app/load.js";
import { sourceOfPlace } from "../input/sample.js";
import { sampledKeysMax, sampledKeyUnitsMax } from "../rpc/attempt-limits.js";
import { noMeasures } from "../rpc/measures.js";
import type { Split } from "../rpc/protocol.js";
import { KeySample } from "../shuffle/collect/key-sample.js";
import { AttemptHooks } from "./hooks.js";
import { MapAttemptContext, mapSource } from "./map-records.js";
import { progressThrough, type AttemptResult, type AttemptSettings } from "./task-context.js";

/**
 * Runs one attempt of a sample task: `map` on the records of some pieces of the input, of which nothing is kept but some
 * of the keys. What the app counts is forgotten, since all of these records are mapped once more.
 *
 * A record that `map` throws at ends its piece, and not the attempt: its map task will come to it, and what is to be done
 * about it is decided there.
 */
export async function runSampleTask(
  app: LoadedApp,
  places: readonly Split[],
  settings: AttemptSettings,
): Promise<AttemptResult> {
  const { groupKey } = app;
  const sample = new KeySample({ keysMax: sampledKeysMax, keyUnitsMax: sampledKeyUnitsMax, groupKey });
  let [records, bytes] = [0, 0];
  const progress = progressThrough(settings.progress, { set: () => settings.progress.set(++records, bytes) });
  for (const place of places) {
    const context = new MapAttemptContext(settings, [place], sample);
    const hooks = new AttemptHooks(app, context, progress);
    try {
      await hooks.setUp();
      const mapped = await mapSource(app, sourceOfPlace(place, app), context, sample, progress);
      await hooks.tearDown();
      bytes += mapped.bytes;
    } catch {
      await hooks.tearDownAfterError();
      progress.beginRecord(NaN);
    }
    context.end();
    context.sideFiles.discard();
  }
  return {
    ...noMeasures(),
    files: [],
    recordsIn: records,
    recordsOut: sample.pairs,
    bytesIn: bytes,
    skipped: [],
    sideFiles: [],
    // The map tasks read the same inputs, and to their ends.
    warnings: [],
    sampled: sample.keys,
  };
}
