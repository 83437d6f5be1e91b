import { join } from "node:path";
import { inspect } from "node:util";
import type { KeyValue, MapContext } from "../app/contract.js";
import { isThenable } from "../app/given.js";
import type { LoadedApp } from "../app/load.js";
import type { RecordReader } from "../input/record-reader.js";
import type { RecordSource } from "../input/records.js";
import { intermediateName, temporaryPrefix } from "../output/names.js";
import { RecordMarker } from "../output/record-marker.js";
import type { Collector } from "../shuffle/collect/collector.js";
import { createSlabCollector } from "../shuffle/collect/slab-collector.js";
import { AttemptHooks } from "./hooks.js";
import { AttemptContext, hookAtWork, type AttemptResult, type AttemptSettings, type Progress } from "./task-context.js";

/**
 * Runs one attempt of a map task: gives each record of the source to `map` or `mapBytes`, and what that emits to a
 * collector that sorts it into one file for each reduce task (paper section 3.1, steps 3 and 4). Throws what the app throws.
 */
export async function runMapTask(
  app: LoadedApp,
  source: RecordSource,
  settings: AttemptSettings,
): Promise<AttemptResult> {
  const { ref, jobId, directory, reducers, collectorBytes } = settings;
  const prefix = join(directory, temporaryPrefix(jobId, "map", ref.task, ref.attempt));
  const collector = createSlabCollector({
    reducers,
    partition: app.partition,
    combine: app.combine,
    temporaryPath: (partition) => `${prefix}${partition}`,
    spillPath: (run) => `${prefix}run-${run}`,
    memoryBytes: collectorBytes,
    // It takes its time, which is not that of the record at hand.
    onSpill: (isSpilling) => {
      if (isSpilling) spilledAt = progress.record;
      progress.beginRecord(isSpilling ? NaN : spilledAt);
    },
  });
  const context = new MapAttemptContext(settings, source.file, collector);
  let { progress } = settings;
  let spilledAt = NaN;
  let marker: RecordMarker | undefined;
  let hooks: AttemptHooks | undefined;
  try {
    if (settings.marksRecords) {
      marker = new RecordMarker(directory, jobId, ref);
      progress = marking(settings.progress, marker);
    }
    hooks = new AttemptHooks(app, context, progress);
    await hooks.setUp();
    const read =
      app.mapBytes === undefined
        ? await mapRecords(source.openText(), app.map, context, collector, progress)
        : await mapRecords(source.openBytes(), app.mapBytes, context, collector, progress);
    await hooks.tearDown();
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
      keys: collector.keysWritten,
      spills: collector.spilled.runs,
      spilledBytes: collector.spilled.bytes,
      counters: context.counts(),
      skipped: source.skipped,
      sideFiles: context.sideFiles.finish(),
    };
  } catch (error) {
    await hooks?.tearDownAfterError();
    context.sideFiles.discard();
    collector.discard();
    throw error;
  } finally {
    marker?.remove();
  }
}

/** Writes which record is mapped to the marker, too; what is no record is none there. */
function marking(progress: Progress, marker: RecordMarker): Progress {
  return {
    get record() {
      return progress.record;
    },
    set: (records, bytes) => progress.set(records, bytes),
    takeValue: () => progress.takeValue(),
    beginRecord: (offset) => {
      progress.beginRecord(offset);
      marker.mark(offset === hookAtWork ? NaN : offset);
    },
  };
}

/** Awaits only what is a promise: a job has one call of `map` for each line, and most apps are synchronous. */
async function mapRecords<Value extends string | Uint8Array>(
  reader: RecordReader<Value>,
  map: ((key: string, value: Value, context: MapContext) => unknown) | undefined,
  context: MapAttemptContext,
  collector: Collector,
  progress: Progress,
): Promise<{ readonly records: number; readonly bytes: number }> {
  let records = 0;
  let bytes = 0;
  try {
    while (goOn(reader, progress)) {
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
  } finally {
    reader.close();
  }
  return { records, bytes };
}

/** Goes on to the next record. That there is none, or that the file cannot be read, is not to be put down to the last one. */
function goOn(reader: RecordReader<string | Uint8Array>, progress: Progress): boolean {
  let isThere = false;
  try {
    isThere = reader.next();
  } finally {
    if (!isThere) progress.beginRecord(NaN);
  }
  return isThere;
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
  override readonly kind = "map";
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
