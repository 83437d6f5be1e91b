import { join } from "node:path";
import { inspect } from "node:util";
import type { KeyValue, MapContext } from "../app/contract.js";
import { isThenable } from "../app/given.js";
import type { LoadedApp } from "../app/load.js";
import type { RecordReader } from "../input/record-reader.js";
import { openBytes, openText } from "../input/records.js";
import { intermediateName, temporaryPrefix } from "../output/names.js";
import type { Split } from "../rpc/protocol.js";
import type { Collector } from "../shuffle/collect/collector.js";
import { createSlabCollector } from "../shuffle/collect/slab-collector.js";
import { AttemptContext, type AttemptResult, type AttemptSettings } from "./task-context.js";

/**
 * Runs one attempt of a map task: gives each record of the split to `map` or `mapBytes`, and what that emits to a
 * collector that sorts it into one file for each reduce task (paper section 3.1, steps 3 and 4). Throws what the app throws.
 */
export async function runMapTask(app: LoadedApp, split: Split, settings: AttemptSettings): Promise<AttemptResult> {
  const { ref, jobId, directory, reducers, collectorBytes } = settings;
  const prefix = join(directory, temporaryPrefix(jobId, "map", ref.task, ref.attempt));
  const collector = createSlabCollector({
    reducers,
    partition: app.partition,
    combine: app.combine,
    temporaryPath: (partition) => `${prefix}${partition}`,
    spillPath: (run) => `${prefix}run-${run}`,
    memoryBytes: collectorBytes,
  });
  const context = new MapAttemptContext(settings, split.file, collector);
  try {
    const read =
      app.mapBytes === undefined
        ? await mapRecords(openText(split, app.input), app.map, context, collector, settings)
        : await mapRecords(openBytes(split, app.input), app.mapBytes, context, collector, settings);
    context.end();
    const files = collector.finish().map(({ path, partition, bytes, checksum }) => ({
      temporaryPath: path,
      finalPath: join(directory, intermediateName(ref.task, partition, ref.attempt)),
      partition,
      bytes,
      checksum,
    }));
    return {
      files,
      recordsIn: read.records,
      recordsOut: collector.pairs,
      bytesIn: read.bytes,
      bytesOut: files.reduce((sum, { bytes }) => sum + bytes, 0),
      counters: context.counts(),
    };
  } catch (error) {
    collector.discard();
    throw error;
  }
}

/** Awaits only what is a promise: a job has one call of `map` for each line, and most apps are synchronous. */
async function mapRecords<Value extends string | Uint8Array>(
  reader: RecordReader<Value>,
  map: ((key: string, value: Value, context: MapContext) => unknown) | undefined,
  context: MapAttemptContext,
  collector: Collector,
  { progress }: AttemptSettings,
): Promise<{ readonly records: number; readonly bytes: number }> {
  let records = 0;
  let bytes = 0;
  try {
    while (reader.next()) {
      context.offset = reader.offset;
      progress.beginRecord(reader.offset);
      let result = map?.(context.filename, reader.value, context);
      if (result !== undefined) {
        if (isThenable(result)) result = await result;
        const emitted = emitAll(result, collector);
        if (emitted !== undefined) await emitted;
      }
      records += 1;
      bytes += reader.endOffset - reader.offset;
      progress.set(records, bytes);
    }
    progress.beginRecord(NaN);
  } finally {
    reader.close();
  }
  return { records, bytes };
}

/** Emits what `map` has returned; the promise, if any, resolves when all is emitted. */
function emitAll(result: unknown, collector: Collector): Promise<void> | undefined {
  if (result === undefined || result === null) return undefined;
  if (isObject(result) && Symbol.iterator in result) {
    for (const pair of result as Iterable<unknown>) emitPair(pair, collector);
    return undefined;
  }
  if (isObject(result) && Symbol.asyncIterator in result) {
    return emitAsync(result as AsyncIterable<unknown>, collector);
  }
  throw new TypeError(
    `map returned ${isObject(result) ? "an object" : typeof result}: it must return an array or a generator of ` +
      "{ key, value }, or nothing and call ctx.emit",
  );
}

async function emitAsync(pairs: AsyncIterable<unknown>, collector: Collector): Promise<void> {
  for await (const pair of pairs) emitPair(pair, collector);
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
  /** Properties of their own, not methods: apps may take them out of the context (`const { emit } = ctx`). */
  readonly emit: MapContext["emit"];
  readonly emitBytes: MapContext["emitBytes"];
  readonly emitSlices: MapContext["emitSlices"];

  constructor(settings: AttemptSettings, filename: string, collector: Collector) {
    super(settings);
    this.filename = filename;
    this.emit = (key, value) => {
      this.requireNotEnded();
      collector.emit(key, value);
    };
    this.emitBytes = (buffer, start, end, value) => {
      this.requireNotEnded();
      collector.emitBytes(buffer, start, end, value);
    };
    this.emitSlices = (buffer, keyStart, keyEnd, valueStart, valueEnd) => {
      this.requireNotEnded();
      collector.emitSlices(buffer, keyStart, keyEnd, valueStart, valueEnd);
    };
  }
}
