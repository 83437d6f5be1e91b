/**
 * What an app is: the user's module with `map` and `reduce`, as named exports or as one default export.
 *
 * The shapes follow Dean & Ghemawat, "MapReduce: Simplified Data Processing on Large Clusters" (OSDI 2004), section 2,
 * and the apps of the MIT 6.5840 lab.
 */

import type { Readable } from "node:stream";
import type { inputKinds } from "./input-kinds.js";

/**
 * What travels from `map` to `reduce`, and to the output: what JSON can say, and bigints. `json-value.ts` checks it.
 *
 * A bigint that is a value by itself reaches `reduce` as a bigint, and the output as its digits. The engine refuses a bigint
 * inside of an object or array that is emitted; the documents of `"jsonl"` may have some.
 */
export type JsonValue =
  string | number | bigint | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** One intermediate pair. */
export interface KeyValue<Value extends JsonValue = JsonValue> {
  /** Any JavaScript string; keys are ordered by their code points. */
  readonly key: string;
  readonly value: Value;
}

/**
 * What one call of `map` is given (its `value`):
 * `"file"` a whole file, `"text"` a split of whole lines, `"lines"` a line without its ending, each as a string; `"jsonl"` a
 * document of JSON Lines, parsed; `"csv"` a row, as an object of strings with the names of the columns; `"pairs"` the value
 * of a pair, with the pair's key in place of the file's name: the files are those of another job's `--output-format jsonl`,
 * or of the step before in a pipeline.
 *
 * Files of lines, `"jsonl"` and `"pairs"` included, are cut into splits, which are mapped independently of each other, unless they are
 * compressed. A line ends with "\n" or "\r\n", or with the file.
 */
export type InputKind = (typeof inputKinds)[number];

/** How `"csv"` files are written, where that is not as usual: `export const csv = { delimiter: ";" }`. */
export interface CsvOptions {
  /** What is between two fields; when absent, what a first line as `sep=;` says, or else `","`. */
  readonly delimiter?: string;
  /** What a field is put into that has a delimiter or a line end in it; `'"'` when absent. `false`: nothing is. */
  readonly quote?: string | false;
  /** What makes the quote behind it a part of the field; the quote itself when absent, as in `"a ""quoted"" word"`. */
  readonly escape?: string;
  /** What a line begins with that is none of the rows; there are no such lines when absent. */
  readonly comment?: string;
  /** Whether white space around fields is left out. */
  readonly trim?: boolean;
  /** Whether a quote in the middle of a field is just a character. */
  readonly relaxQuotes?: boolean;
  /** The names of the columns; those in the first row when absent. */
  readonly columns?: readonly string[];
  /** Whether the first row is a header; true when absent, unless there are `columns`, which then are in its place. */
  readonly header?: boolean;
}

/** How the numbers of `"jsonl"` and `"pairs"` are read: `export const jsonl = { integers: "string" }`. */
export interface JsonlOptions {
  /**
   * What becomes of integers beyond ±(2^53 - 1), which a JavaScript number cannot tell from their neighbours: `"bigint"`
   * (the default) or `"string"`, both with all digits, or `"number"`, rounded as `JSON.parse` rounds them. All other
   * numbers are numbers, those with a fraction or an exponent included.
   */
  readonly integers?: "bigint" | "string" | "number";
}

/** A named number that an app counts up. The counts of an attempt enter the job's total when it commits. */
export interface Counter {
  /** Adds `n` (1 when left out), which may be negative. */
  add(n?: number): void;
}

/** A file that an app makes beside its output. It is there once something was written. */
export interface SideFile {
  /** Adds text as UTF-8, or bytes as they are. Synchronous and buffered. */
  write(data: string | Uint8Array): void;
  /**
   * The absolute path at which to write the file by other means, in place of `write`. That must have ended when `map` or
   * `reduce` has, or `teardown` if there is one.
   */
  readonly path: string;
}

/** What `map` and `reduce` are told about the attempt they run in. */
export interface TaskContext {
  /** The values of `--arg name=value`. */
  readonly args: Readonly<Record<string, string>>;
  /** Whether this is an attempt of a map task or of a reduce task, for `setup` and `teardown`, which both have. */
  readonly kind: "map" | "reduce";
  /** Number of the map task (0 … splits − 1) or of the reduce task (0 … reducers − 1). */
  readonly task: number;
  /** 1 for the first attempt of this task, counted up by each retry and each backup attempt. */
  readonly attempt: number;
  /** Aborted when this attempt is revoked, so that an asynchronous app can stop early. */
  readonly signal: AbortSignal;
  /**
   * Writes a line to standard error. As all that an app writes to standard output or error, it is marked with the task,
   * and kept: the last of it is shown when the job fails of this attempt.
   */
  log(message: string): void;
  /** The absolute path of a file that was given to the job as `--file path#name`. Throws when there is none of that name. */
  file(name: string): string;
  /** The counter of that name, made on first use. */
  counter(name: string): Counter;
  /**
   * A file of this task beside the job's output. When the attempt is the one that is committed, it becomes
   * `mr-side-map-TASK-NAME` (or `mr-side-reduce-…`) in the output directory; otherwise it is removed. The name has letters
   * of a to z, digits, `_`, `-`, and single dots between them.
   */
  sideFile(name: string): SideFile;
}

/** What `readRecords` is told. */
export interface ReadContext extends TaskContext {
  /** The name of the input file, as it was given on the command line; bytes that are not UTF-8 are shown as `\xe9`. */
  readonly filename: string;
}

/** Reads the records of one file from its bytes, which are decompressed already. */
export type ReadRecords<Input = unknown> = (stream: Readable, ctx: ReadContext) => AsyncIterable<Input>;

export interface MapContext<Value extends JsonValue = JsonValue> extends TaskContext {
  readonly kind: "map";
  /** The name of the input file, as it was given on the command line; bytes that are not UTF-8 are shown as `\xe9`. */
  readonly filename: string;
  /**
   * Where the record begins in the file, in bytes; in what comes out of it when it is compressed. Of `readRecords` it is
   * the number of the record, from 0. In `setup` it is 0, and in `teardown` that of the last one.
   */
  readonly offset: number;
  /** Hands a pair on to `reduce`: the same as returning it, and the fastest way for an app that works on strings. */
  emit(key: string, value: Value): void;
  /**
   * As `emit`, for a key that is there as UTF-8: the bytes of `buffer` from `start` up to and without `end`. No string is
   * made of them before `reduce`. What is not UTF-8 becomes U+FFFD. The bytes are copied.
   *
   * Throws a RangeError when `start` and `end` are not places in the buffer, in this order, and a TypeError when it is no
   * Uint8Array.
   */
  emitBytes(buffer: Uint8Array, start: number, end: number, value: Value): void;
  /** As `emitBytes`, with a string as the value that is there as bytes, too: those from `valueStart` to `valueEnd`. */
  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void;
}

export interface ReduceContext extends TaskContext {
  readonly kind: "reduce";
  /** Writes the output line `key value`. */
  emit(key: string, value: JsonValue): void;
}

/** Pairs returned by `map`: an array, a generator, an asynchronous generator; nothing when it called `ctx.emit`. */
export type MapResult<Value extends JsonValue = JsonValue> =
  Iterable<KeyValue<Value>> | AsyncIterable<KeyValue<Value>> | void | Promise<Iterable<KeyValue<Value>> | void>;

/**
 * The value to write after the key, or nothing to write no line. A generator or another iterator, asynchronous ones
 * included, writes a line with the key for each value that it yields. An array is one value.
 */
export type ReduceResult =
  | JsonValue
  | void
  | IterableIterator<JsonValue, unknown>
  | AsyncIterableIterator<JsonValue, unknown>
  | Promise<JsonValue | void | IterableIterator<JsonValue, unknown>>;

/** The value to use in place of those that `combine` was given; a generator or another iterator yields several, one at least. */
export type CombineResult<Value extends JsonValue = JsonValue> = Value | IterableIterator<Value, unknown>;

/** What `setup` and `teardown` are given; `ctx.kind` says which of the two it is. */
export type HookContext<Value extends JsonValue = JsonValue> = MapContext<Value> | ReduceContext;

/**
 * A format of its own that an app writes its output in: `mr-out-0.<extension>`, `mr-out-1.<extension>`, and so on. Each file
 * is the header, its records, and the footer.
 */
export interface OutputWriter {
  /** Lower-case letters and digits, beginning with a letter; not that of a format which the engine writes. */
  readonly extension: string;
  readonly header?: string | Uint8Array;
  readonly footer?: string | Uint8Array;
  /** What is written of one pair that `reduce` gives, its end of line included: text, or bytes as they are. */
  record(key: string, value: JsonValue): string | Uint8Array;
}

/**
 * An app: what its module exports. It needs one of `map` and `mapBytes`, and one of `reduce` and `reduceStream`; the latter
 * not in a job without reduce tasks (`-r 0`), whose output is what `map` emits.
 *
 * `Value` is what it emits, `Input` what `map` is given: strings, `JsonValue` for `"jsonl"`, `Record<string, string>` for
 * `"csv"`, the values for `"pairs"`, or what its `readRecords` yields.
 */
export interface App<Value extends JsonValue = JsonValue, Input = string> {
  /** What one call of `map` is given; `"file"` when absent. */
  readonly input?: InputKind | undefined;

  /** How the files of `"csv"` are written. */
  readonly csv?: CsvOptions | undefined;

  /** How the numbers of `"jsonl"` and `"pairs"` are read. */
  readonly jsonl?: JsonlOptions | undefined;

  /**
   * What the app cannot do without, each as the user has to type it: `"--arg pattern=REGEX"`, `"--file centroids.txt"`. A job
   * that has not all of them is refused before it begins.
   */
  readonly needs?: readonly string[] | undefined;

  /**
   * The names of `--arg` that the app reads, `needs` included: `["ignore-case"]`, or `[]` for none. A job with another one is
   * refused before it begins. When absent, a job fails at its end when it was given an `--arg` that the app has not read.
   */
  readonly args?: readonly string[] | undefined;

  /**
   * The app's own reader, in place of `input`: an `async function*` that yields what `map` is to be given, one after the
   * other. It is called once for each file, which is one map task. The same file must give the same records each time.
   */
  readonly readRecords?: ReadRecords<Input> | undefined;

  /**
   * Called once per record. Emits pairs by returning them, by yielding them, or with `ctx.emit`. The key is the name of the
   * file, as `ctx.filename` is, or that of the pair for `"pairs"`.
   */
  map?(key: string, value: Input, ctx: MapContext<Value>): MapResult<Value>;

  /**
   * Like `map`, on the bytes of `"file"`, `"text"` and `"lines"`, for apps that can do without strings. Of a `"text"` split it is
   * given one chunk of whole lines after the other, each of some hundred KiB, or of one longer line.
   *
   * The chunk is lent: its bytes are others after the call (when it returns a promise, after that is resolved).
   */
  mapBytes?(key: string, chunk: Uint8Array, ctx: MapContext<Value>): MapResult<Value>;

  /** Called once per distinct key, in the order of the keys, with all values of the key. */
  reduce?(key: string, values: Value[], ctx: ReduceContext): ReduceResult;

  /** Like `reduce`, for keys whose values must not all be in memory at once. The values can be read once, in order. */
  reduceStream?(key: string, values: Iterable<Value>, ctx: ReduceContext): ReduceResult;

  /**
   * Folds several values of one key into one, on the map side before they are written (paper section 4.3), and on the
   * reduce side of a key with more values than are wanted in memory. `reduce` must give the same result however often and
   * in whatever grouping `combine` was applied, not at all included.
   *
   * It returns one value of the kind that `map` emits; as a generator (`*combine`) it yields one or more. A promise is an
   * error, and so is an array where the values are no arrays.
   */
  combine?(key: string, values: Value[]): CombineResult<Value>;

  /**
   * Sorts the values of each key: `true` by the values themselves (numbers and bigints first, in their order, then strings in that of
   * their UTF-8 bytes, then all else in that of their JSON texts), a function by what it gives for each value, a string,
   * a number or a bigint. Values with the same come in no certain order, as all values do when this is absent. They are sorted with
   * the keys, on the disk if need be: `reduceStream` gets them sorted, however many they are.
   */
  readonly sortValues?: boolean | ((value: Value) => string | number | bigint);

  /**
   * The name of the group that a key belongs to. Keys of a group make one call of `reduce`, which has that name for its
   * key, and all values of the group, in the order of their keys (UTF-8 bytes).
   */
  groupKey?(key: string): string;

  /**
   * Which reduce task a key belongs to, 0 … reducers − 1 (paper section 4.1).
   * When absent: murmurhash v3 of the key's UTF-8 bytes, modulo the number of reducers, or as `--partitioner` says.
   * With `groupKey` it is asked about groups.
   */
  partition?(key: string, reducers: number): number;

  /**
   * Called once in each attempt of a task, map or reduce, before its first record or key: here belongs what an attempt
   * keeps while it runs, since a module lives longer than an attempt and is used by many. It is waited for.
   */
  setup?(ctx: HookContext<Value>): void | Promise<void>;

  /**
   * Called once in each attempt, after its last record or key, and may still emit. It is waited for. It is also called when
   * `map` or `reduce` has thrown, so that what `setup` has opened can be closed, and what it emits then is of no effect;
   * but not when `setup` has thrown, and not when the thread was ended.
   */
  teardown?(ctx: HookContext<Value>): void | Promise<void>;

  /** How the output is written, if not in one of the engine's formats. Of a pipeline's steps only that of the last counts. */
  readonly writer?: OutputWriter;
}

/**
 * One of the steps of a pipeline: an app, whose `input` is `"pairs"` unless it is the first. Without `reduce`, what its `map`
 * emits goes on.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- Each step has types of its own.
export type Step<Value extends JsonValue = any, Input = any> = App<Value, Input> & {
  /** Number of reduce tasks of this step, whatever the job's; 1 for one that gathers everything, such as a top ten. */
  readonly reducers?: number;
};

/** An app of several jobs, each of which is given the pairs that the one before has made. */
export interface Pipeline {
  /** What each of the steps needs, as in `App`. */
  readonly needs?: readonly string[] | undefined;
  /** The names of `--arg` that the steps read. */
  readonly args?: readonly string[] | undefined;
  readonly steps: readonly Step[];
}
