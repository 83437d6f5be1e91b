/** Passes records to the app's `map`, and the pairs it returns to a taker. */
import { inspect } from "node:util";
import type { KeyValue, MapContext } from "../app/contract.js";
import { isThenable } from "../app/json-value.js";
import type { LoadedApp } from "../app/load.js";
import { BadRecordError } from "../input/bad-record-error.js";
import type { RecordReader } from "../input/record-reader.js";
import type { RecordSource, SplitSource } from "../input/records.js";
import type { Split } from "../rpc/protocol.js";
import { firstPosition } from "../rpc/record-position.js";
import type { PairTaker } from "../shuffle/collect/collector.js";
import { AttemptContext, type AttemptSettings, type Progress } from "./task-context.js";

/** Gives all records of the source to the app, and the pairs that it emits to the taker. Throws the errors of both. */
export async function mapSource(
  app: LoadedApp,
  source: RecordSource,
  context: MapAttemptContext,
  taker: PairTaker,
  progress: Progress,
): Promise<MappedRecords> {
  const run: Run = { context, taker, progress, records: 0, bytes: 0 };
  for (const [index, part] of source.parts.entries()) {
    context.beginFile(part.split.file);
    try {
      await mapPart(app, part, firstPosition(index), run);
    } catch (error) {
      throw error instanceof BadRecordError ? await part.describe(error) : error;
    }
  }
  context.endFiles();
  return run;
}

/** A running map attempt, and its progress. */
interface Run extends MappedRecords {
  readonly context: MapAttemptContext;
  readonly taker: PairTaker;
  readonly progress: Progress;
  records: number;
  bytes: number;
}

async function mapPart(app: LoadedApp, part: SplitSource, first: number, run: Run): Promise<void> {
  if (app.mapBytes !== undefined) return mapRecords(await part.openBytes(), app.mapBytes, first, run);
  const map = app.input === "pairs" ? mapOfPairs(app.map) : app.map;
  return mapRecords(await part.openValues(run.context), map, first, run);
}

/** A pair has its own key, which `map` receives. */
function mapOfPairs(map: LoadedApp["map"]): LoadedApp["map"] {
  return map && ((_file, pair, context) => map((pair as KeyValue).key, (pair as KeyValue).value, context));
}

/** How many records were mapped, and their total length. */
interface MappedRecords {
  readonly records: number;
  readonly bytes: number;
}

/**
 * Maps the records of one split; `first` is the position of the beginning of its file. Awaits only promises: a job calls
 * `map` for each line, and most apps are synchronous.
 */
async function mapRecords<Value>(
  reader: RecordReader<Value>,
  map: ((key: string, value: Value, context: MapContext) => unknown) | undefined,
  first: number,
  run: Run,
): Promise<void> {
  const { context, taker, progress } = run;
  let { records, bytes } = run;
  const bytesBefore = bytes;
  const file = context.filename;
  const isCountedByReader = reader.bytesRead !== undefined;
  try {
    for (;;) {
      let isThere = goOn(reader, first, progress);
      if (typeof isThere !== "boolean") isThere = await isThere;
      if (!isThere) break;
      context.offset = reader.offset;
      progress.beginRecord(first + reader.offset);
      let result = map?.(file, reader.value, context);
      if (result !== undefined) {
        if (isThenable(result)) result = await result;
        const emitted = emitAll(result, taker);
        if (emitted !== undefined) await emitted;
      }
      records += 1;
      bytes = isCountedByReader ? bytesBefore + (reader.bytesRead ?? 0) : bytes + (reader.endOffset - reader.offset);
      progress.set(records, bytes);
    }
  } finally {
    await reader.close();
  }
  run.records = records;
  run.bytes = bytes;
}

/** Advances to the next record. Until it arrives, no record is at work. */
function goOn(reader: RecordReader<unknown>, first: number, progress: Progress): boolean | Promise<boolean> {
  try {
    const isThere = reader.next();
    if (isThere === true) return true;
    progress.beginRecord(NaN);
    return isThere === false ? false : whenThere(isThere, first, progress);
  } catch (error) {
    blame(error, first, progress);
    throw error;
  }
}

async function whenThere(pending: Promise<boolean>, first: number, progress: Progress): Promise<boolean> {
  try {
    return await pending;
  } catch (error) {
    blame(error, first, progress);
    throw error;
  }
}

/** A malformed record is to blame for its error. No record is to blame when the file cannot be read. */
function blame(error: unknown, first: number, progress: Progress): void {
  progress.beginRecord(error instanceof BadRecordError ? first + error.offset : NaN);
}

/** Emits what `map` returned; the promise, if any, resolves when everything is emitted. */
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
    throw new TypeError(`map returned or yielded ${isThenable(pair) ? promiseHint : shown}, not { key, value }`);
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
  offset = 0;
  /** Undefined before and after the records of a task that reads several files. */
  #filename: string | undefined;
  readonly #splits: readonly Split[];
  /** Own properties, not methods: apps may take them out of the context (`const { emit } = ctx`). */
  readonly emit: MapContext["emit"];
  readonly emitBytes: MapContext["emitBytes"];
  readonly emitSlices: MapContext["emitSlices"];

  constructor(settings: AttemptSettings, splits: readonly Split[], taker: PairTaker) {
    super(settings);
    this.#splits = splits;
    this.endFiles();
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

  get filename(): string {
    if (this.#filename !== undefined) return this.#filename;
    throw new Error(
      `ctx.filename: this task reads ${this.#splits.length} files, and none of them is being read; ` +
        "use it in map, or run the job with --no-group",
    );
  }

  /** The records of this file follow. */
  beginFile(name: string): void {
    this.#filename = name;
  }

  /** No file is being read: before the first record, and after the last one. */
  endFiles(): void {
    const [only, ...others] = this.#splits;
    this.#filename = others.length === 0 ? only?.file : undefined;
  }
}
