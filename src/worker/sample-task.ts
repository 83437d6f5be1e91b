import type { LoadedApp } from "../app/load.js";
import { sourceOfPlace } from "../input/sample.js";
import { sampledKeysMax, sampledKeyUnitsMax } from "../model/attempt-limits.js";
import { noMeasures } from "../model/measures.js";
import type { Split } from "../model/split.js";
import { KeySample } from "../shuffle/collect/key-sample.js";
import { AttemptHooks } from "./hooks.js";
import { MapAttemptContext } from "./map-context.js";
import { inFlightOf } from "./in-flight-settings.js";
import { mapSource } from "./map-records.js";
import { progressThrough, type AttemptResult, type AttemptSettings } from "./task-context.js";

/**
 * Runs one attempt of a sample task: calls `map` on the records of some pieces of the input, and keeps only some of the
 * keys. Counters are discarded, because all these records are mapped again.
 *
 * If `map` throws at a record, only its piece ends, not the attempt: the map task will reach the record, and handles
 * the error.
 */
export async function runSampleTask(
  app: LoadedApp,
  places: readonly Split[],
  settings: AttemptSettings,
): Promise<AttemptResult> {
  const { groupKey } = app;
  const sample = new KeySample({ keysMax: sampledKeysMax, keyUnitsMax: sampledKeyUnitsMax, groupKey });
  // So that the sample is the same as with one record after the other.
  const inFlight = inFlightOf(app, settings);
  const ofSample = inFlight && { ...inFlight, deliversFailed: true };
  let [records, bytes] = [0, 0];
  const progress = progressThrough(settings.progress, { set: () => settings.progress.set(++records, bytes) });
  for (const place of places) {
    const context = new MapAttemptContext(settings, [place], sample);
    const hooks = new AttemptHooks(app, context, progress);
    try {
      await hooks.setUp();
      const how = { inFlight: ofSample };
      const mapped = await mapSource(app, sourceOfPlace(place, app), context, sample, progress, how);
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
    // The map tasks read the same inputs completely, and report them.
    warnings: [],
    sampled: sample.keys,
  };
}
