import { join } from "node:path";
import { inspect } from "node:util";
import type { KeyValue, JsonValue, MapContext } from "../app/contract.js";
import { isThenable } from "../app/given.js";
import type { LoadedApp } from "../app/load.js";
import { readRecords, type InputRecord } from "../input/records.js";
import { intermediateName, temporaryPrefix } from "../output/names.js";
import type { Split } from "../rpc/protocol.js";
import type { Collector } from "../shuffle/collector.js";
import { createSlabCollector } from "../shuffle/slab-collector.js";
import { AttemptContext, type AttemptResult, type AttemptSettings } from "./task-context.js";

/**
 * Runs one attempt of a map task: gives each record of the split to `map`, and what it emits to a collector that sorts it
 * into one file for each reduce task (paper section 3.1, steps 3 and 4). Throws what the app throws.
 */
export async function runMapTask(app: LoadedApp, split: Split, settings: AttemptSettings): Promise<AttemptResult> {
  const { ref, jobId, directory, reducers } = settings;
  const prefix = join(directory, temporaryPrefix(jobId, "map", ref.task, ref.attempt));
  const collector = createSlabCollector({
    reducers,
    partition: app.partition,
    combine: app.combine,
    temporaryPath: (partition) => `${prefix}${partition}`,
    spillPath: (run) => `${prefix}run-${run}`,
  });
  const context = new MapAttemptContext(settings, split.file, collector);
  let recordsIn = 0;
  let bytesIn = 0;
  try {
    for (const record of readRecords(split)) {
      context.offset = record.offset;
      await mapRecord(app, record, context, collector);
      recordsIn += 1;
      bytesIn += record.bytes;
      settings.progress.set(recordsIn, bytesIn);
    }
  } catch (error) {
    collector.discard();
    throw error;
  }
  context.end();
  const files = collector.finish().map(({ path, partition, bytes, checksum }) => ({
    temporaryPath: path,
    finalPath: join(directory, intermediateName(ref.task, partition, ref.attempt)),
    partition,
    bytes,
    checksum,
  }));
  const bytesOut = files.reduce((sum, { bytes }) => sum + bytes, 0);
  return { files, recordsIn, recordsOut: collector.pairs, bytesIn, bytesOut, counters: context.counts() };
}

/** Awaits only what is a promise: a job has one call of `map` for each line, and most apps are synchronous. */
async function mapRecord(
  app: LoadedApp,
  record: InputRecord,
  context: MapContext,
  collector: Collector,
): Promise<void> {
  let result: unknown = app.map(record.key, record.value, context);
  if (isThenable(result)) result = await result;
  if (result === undefined || result === null) return;
  if (isObject(result) && Symbol.iterator in result) {
    for (const pair of result as Iterable<unknown>) emitPair(pair, collector);
  } else if (isObject(result) && Symbol.asyncIterator in result) {
    for await (const pair of result as AsyncIterable<unknown>) emitPair(pair, collector);
  } else {
    throw new TypeError(
      `map returned ${isObject(result) ? "an object" : typeof result}: it must return an array or a generator of ` +
        "{ key, value }, or nothing and call ctx.emit",
    );
  }
}

const promiseHint = "a promise (is an `await` missing?)";

function emitPair(pair: unknown, collector: Collector): void {
  if (!isObject(pair) || !("key" in pair && "value" in pair)) {
    const shown = inspect(pair, { depth: 0, maxStringLength: 60 });
    throw new TypeError(`map gave ${isThenable(pair) ? promiseHint : shown}, not { key, value }`);
  }
  const { key, value } = pair as KeyValue;
  collector.emit(key, value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

class MapAttemptContext extends AttemptContext implements MapContext {
  readonly filename: string;
  offset = 0;
  /** A property of its own, not a method: apps may take it out of the context (`const { emit } = ctx`). */
  readonly emit: (key: string, value: JsonValue) => void;

  constructor(settings: AttemptSettings, filename: string, collector: Collector) {
    super(settings);
    this.filename = filename;
    this.emit = (key, value) => {
      this.requireNotEnded();
      collector.emit(key, value);
    };
  }
}
