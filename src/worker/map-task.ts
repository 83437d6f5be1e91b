import { join } from "node:path";
import { inspect } from "node:util";
import type { KeyValue, MapContext } from "../app/contract.js";
import { isThenable } from "../app/given.js";
import type { LoadedApp } from "../app/load.js";
import type { RecordReader } from "../input/record-reader.js";
import type { RecordSource } from "../input/records.js";
import { intermediateName, outputName, temporaryPrefix } from "../output/names.js";
import { outputSuffix } from "../output/output-format.js";
import { RecordMarker } from "../output/record-marker.js";
import type { Collector } from "../shuffle/collect/collector.js";
import { createSlabCollector } from "../shuffle/collect/slab-collector.js";
import { DirectOutput } from "./direct-output.js";
import { AttemptContext, type AttemptResult, type AttemptSettings, type Progress } from "./task-context.js";

/**
 * Runs one attempt of a map task: gives each record of the source to `map` or `mapBytes`, and what that emits to a
 * collector that sorts it into one file for each reduce task (paper section 3.1, steps 3 and 4), or into an output file of
 * its own when there are no reduce tasks. Throws what the app throws.
 */
export async function runMapTask(
  app: LoadedApp,
  source: RecordSource,
  settings: AttemptSettings,
): Promise<AttemptResult> {
  const { ref, jobId, directory, reducers, output, collectorBytes } = settings;
  const prefix = join(directory, temporaryPrefix(jobId, "map", ref.task, ref.attempt));
  const suffix = outputSuffix(output, app.writer?.extension);
  const nameOf = (partition: number) =>
    reducers === 0 ? outputName(ref.task, suffix) : intermediateName(ref.task, partition, ref.attempt);
  const collector: Collector =
    reducers === 0
      ? new DirectOutput(`${prefix}out`, ref.task, output, app.writer)
      : createSlabCollector({
          reducers,
          partition: app.partition,
          combine: app.combine,
          temporaryPath: (partition) => `${prefix}${partition}`,
          spillPath: (run) => `${prefix}run-${run}`,
          memoryBytes: collectorBytes,
          // It takes its time, which is not that of the record at hand.
          onSpill: (isSpilling) => progress.beginRecord(isSpilling ? NaN : context.offset),
        });
  const context = new MapAttemptContext(settings, source.file, collector);
  let { progress } = settings;
  let marker: RecordMarker | undefined;
  try {
    if (settings.marksRecords) {
      marker = new RecordMarker(directory, jobId, ref);
      progress = marking(settings.progress, marker);
    }
    const read =
      app.mapBytes === undefined
        ? await mapRecords(source.openText(), app.map, context, collector, progress)
        : await mapRecords(source.openBytes(), app.mapBytes, context, collector, progress);
    context.end();
    const files = collector.finish().map(({ path, partition, bytes, checksum }) => ({
      temporaryPath: path,
      finalPath: join(directory, nameOf(partition)),
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
      skipped: source.skipped,
    };
  } catch (error) {
    collector.discard();
    throw error;
  } finally {
    marker?.remove();
  }
}

/** Writes which record is mapped to the marker, too. */
function marking(progress: Progress, marker: RecordMarker): Progress {
  return {
    set: (records, bytes) => progress.set(records, bytes),
    takeValue: () => progress.takeValue(),
    beginRecord: (offset) => {
      progress.beginRecord(offset);
      marker.mark(offset);
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
