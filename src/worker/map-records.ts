/** Gives records to the app's `map`, and what that returns to who takes pairs. */
import { inspect } from "node:util";
import type { KeyValue, MapContext } from "../app/contract.js";
import { isThenable } from "../app/json-value.js";
import type { LoadedApp } from "../app/load.js";
import { BadRecordError } from "../input/bad-record-error.js";
import type { RecordReader } from "../input/record-reader.js";
import type { RecordSource } from "../input/records.js";
import type { PairTaker } from "../shuffle/collect/collector.js";
import { AttemptContext, type AttemptSettings, type Progress } from "./task-context.js";

/** Gives all records of the source to the app, and what that emits to the taker. Throws what either throws. */
export async function mapSource(
  app: LoadedApp,
  source: RecordSource,
  context: MapAttemptContext,
  taker: PairTaker,
  progress: Progress,
): Promise<MappedRecords> {
  if (app.mapBytes === undefined) {
    const map = app.input === "pairs" ? mapOfPairs(app.map) : app.map;
    return mapRecords(await source.openValues(context), map, context, taker, progress);
  }
  return mapRecords(await source.openBytes(), app.mapBytes, context, taker, progress);
}

/** A pair has a key of its own to give to `map`. */
function mapOfPairs(map: LoadedApp["map"]): LoadedApp["map"] {
  return map && ((_file, pair, context) => map((pair as KeyValue).key, (pair as KeyValue).value, context));
}

/** How many records were mapped, and how long they were. */
interface MappedRecords {
  readonly records: number;
  readonly bytes: number;
}

/** Awaits only what is a promise: a job has one call of `map` for each line, and most apps are synchronous. */
async function mapRecords<Value>(
  reader: RecordReader<Value>,
  map: ((key: string, value: Value, context: MapContext) => unknown) | undefined,
  context: MapAttemptContext,
  taker: PairTaker,
  progress: Progress,
): Promise<MappedRecords> {
  let records = 0;
  let bytes = 0;
  const isCountedByReader = reader.bytesRead !== undefined;
  try {
    for (;;) {
      let isThere = goOn(reader, progress);
      if (typeof isThere !== "boolean") isThere = await isThere;
      if (!isThere) break;
      context.offset = reader.offset;
      progress.beginRecord(reader.offset);
      let result = map?.(context.filename, reader.value, context);
      if (result !== undefined) {
        if (isThenable(result)) result = await result;
        const emitted = emitAll(result, taker);
        if (emitted !== undefined) await emitted;
      }
      records += 1;
      bytes = isCountedByReader ? (reader.bytesRead ?? 0) : bytes + (reader.endOffset - reader.offset);
      progress.set(records, bytes);
    }
  } finally {
    await reader.close();
  }
  return { records, bytes };
}

/** Goes on to the next record. While that is waited for none is at work. */
function goOn(reader: RecordReader<unknown>, progress: Progress): boolean | Promise<boolean> {
  try {
    const isThere = reader.next();
    if (isThere === true) return true;
    progress.beginRecord(NaN);
    return isThere === false ? false : whenThere(isThere, progress);
  } catch (error) {
    putDown(error, progress);
    throw error;
  }
}

async function whenThere(pending: Promise<boolean>, progress: Progress): Promise<boolean> {
  try {
    return await pending;
  } catch (error) {
    putDown(error, progress);
    throw error;
  }
}

/** That a file cannot be read is not to be put down to the last record; a malformed one is at fault itself. */
function putDown(error: unknown, progress: Progress): void {
  progress.beginRecord(error instanceof BadRecordError ? error.offset : NaN);
}

/** Emits what `map` has returned; the promise, if any, resolves when all is emitted. */
function emitAll(result: unknown, taker: PairTaker): Promise<void> | undefined {
  if (result === undefined || result === null) return undefined;
  if (isObject(result) && Symbol.iterator in result) {
    for (const pair of result as Iterable<unknown>) emitPair(pair, taker);
    return undefined;
  }
  if (isObject(result) && Symbol.asyncIterator in result) {
    return emitAsync(result as AsyncIterable<unknown>, taker);
  }
  throw new TypeError(
    `map returned ${isObject(result) ? "an object" : typeof result}: it must return an array or a generator of ` +
      "{ key, value }, or nothing and call ctx.emit",
  );
}

async function emitAsync(pairs: AsyncIterable<unknown>, taker: PairTaker): Promise<void> {
  for await (const pair of pairs) emitPair(pair, taker);
}

const promiseHint = "a promise (is an `await` missing?)";

function emitPair(pair: unknown, taker: PairTaker): void {
  if (!isObject(pair) || !("key" in pair && "value" in pair)) {
    const shown = inspect(pair, { depth: 0, maxStringLength: 60 });
    throw new TypeError(`map gave ${isThenable(pair) ? promiseHint : shown}, not { key, value }`);
  }
  const { key, value } = pair as KeyValue;
  taker.emit(key, value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The context of `map`. */
export class MapAttemptContext extends AttemptContext implements MapContext {
  readonly kind = "map";
  readonly filename: string;
  offset = 0;
  /** Properties of their own, not methods: apps may take them out of the context (`const { emit } = ctx`). */
  readonly emit: MapContext["emit"];
  readonly emitBytes: MapContext["emitBytes"];
  readonly emitSlices: MapContext["emitSlices"];

  constructor(settings: AttemptSettings, filename: string, taker: PairTaker) {
    super(settings);
    this.filename = filename;
    const { gate } = this;
    const { phase } = gate;
    this.emit = (key, value) => {
      if (phase.isOpen || gate.admits("ctx.emit")) taker.emit(key, value);
    };
    this.emitBytes = (buffer, start, end, value) => {
      if (phase.isOpen || gate.admits("ctx.emitBytes")) taker.emitBytes(buffer, start, end, value);
    };
    this.emitSlices = (buffer, keyStart, keyEnd, valueStart, valueEnd) => {
      if (phase.isOpen || gate.admits("ctx.emitSlices"))
        taker.emitSlices(buffer, keyStart, keyEnd, valueStart, valueEnd);
    };
  }
}
