/**
 * The app contract: the user's module with `map` and `reduce`, as named exports or as one default export.
 *
 * The shapes follow Dean & Ghemawat, "MapReduce: Simplified Data Processing on Large Clusters" (OSDI 2004), section 2,
 * and the apps of the MIT 6.5840 lab.
 */

import type { Readable } from "node:stream";
import type { inputKinds } from "../model/input-kinds.js";

/**
 * A value that can travel from `map` to `reduce` and to the output: any JSON value, or a bigint. `json-value.ts` checks
 * it.
 *
 * A top-level bigint reaches `reduce` as a bigint and the output as digits. The engine rejects a bigint inside an
 * emitted object or array, although documents read as `"jsonl"` may contain bigints.
 */
export type JsonValue =
  string | number | bigint | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** An intermediate pair. */
export interface KeyValue<Value extends JsonValue = JsonValue> {
  /** Any JavaScript string. Keys are ordered by code point. */
  readonly key: string;
  readonly value: Value;
}

/**
 * What each call of `map` receives as its `value`:
 *
 * - `"file"`: a whole file, as a string
 * - `"text"`: a split of whole lines, as a string
 * - `"lines"`: a line without its line ending, as a string
 * - `"jsonl"`: a parsed JSON Lines document
 * - `"csv"`: a row, as an object of strings keyed by column name
 * - `"pairs"`: the value of a pair; `map` gets the pair's key in place of the file name. The files come from another
 *   job's `--output-format jsonl`, or from the previous step of a pipeline.
 *
 * Uncompressed line-based files, including `"jsonl"` and `"pairs"`, are cut into splits that are mapped independently.
 * A line ends with "\n", "\r\n" or the end of the file. Large CSV files are cut where a row begins.
 */
export type InputKind = (typeof inputKinds)[number];

/** The dialect of `"csv"` files, if it differs from the default: `export const csv = { delimiter: ";" }`. */
export interface CsvOptions {
  /** The field separator. Default: as given by a first line such as `sep=;`, or else `","`. */
  readonly delimiter?: string;
  /**
   * The character that encloses fields containing a delimiter or a line end. Default: `'"'`. `false` disables quoting.
   */
  readonly quote?: string | false;
  /**
   * The character that escapes a quote inside a quoted field. Default: the quote itself, as in `"a ""quoted"" word"`.
   */
  readonly escape?: string;
  /** The prefix of comment lines, which are skipped. Default: no line is a comment. */
  readonly comment?: string;
  /** Whether to trim white space around fields. */
  readonly trim?: boolean;
  /** Whether to treat a quote in the middle of a field as an ordinary character. */
  readonly relaxQuotes?: boolean;
  /** The column names. Default: the first row. */
  readonly columns?: readonly string[];
  /**
   * Whether the first row is a header. Default: true, or false if `columns` is given. With both, `columns` replaces the
   * header.
   */
  readonly header?: boolean;
}

/** How to read the numbers of `"jsonl"` and `"pairs"`: `export const jsonl = { integers: "string" }`. */
export interface JsonlOptions {
  /**
   * How to read integers beyond ±(2^53 - 1), which a JavaScript number cannot tell from their neighbours: as `"bigint"`
   * (the default) or `"string"`, both with all digits, or as `"number"`, rounded as `JSON.parse` rounds them. All other
   * numbers, including those with a fraction or an exponent, are read as numbers.
   */
  readonly integers?: "bigint" | "string" | "number";
}

/** An input of an app that declares several: its kind, or its kind with options for its files. */
export type NamedInput =
  InputKind | { readonly input: InputKind; readonly csv?: CsvOptions; readonly jsonl?: JsonlOptions };

/** The totals of the counters of each earlier step of a pipeline. */
export type EarlierCounters = readonly Readonly<Record<string, number>>[];

/** A named counter. The counts of an attempt are added to the job's totals when the attempt commits. */
export interface Counter {
  /** Adds `n` (default 1), which may be negative. */
  add(n?: number): void;
}

/** A file that an app writes beside the job's output. It is created on the first write. */
export interface SideFile {
  /** Appends text as UTF-8, or raw bytes. Synchronous and buffered. */
  write(data: string | Uint8Array): void;
  /**
   * The absolute path, for writing the file by other means than `write`. Finish writing before `map` or `reduce` ends,
   * or before `teardown` ends if the app has one.
   */
  readonly path: string;
}

/** The attempt that `map` or `reduce` runs in. */
export interface TaskContext {
  /** The values of `--arg name=value`. */
  readonly args: Readonly<Record<string, string>>;
  /** Whether this attempt runs a map or a reduce task. `setup` and `teardown` are called in both. */
  readonly kind: "map" | "reduce";
  /** The number of the map task (0 … map tasks − 1) or reduce task (0 … reducers − 1). */
  readonly task: number;
  /** 1 for the first attempt of this task; each retry and each backup attempt increments it. */
  readonly attempt: number;
  /**
   * Fires when nobody wants the result of this attempt any more, so that an asynchronous app can stop early, as in
   * `fetch(url, { signal: ctx.signal })`: the job was stopped, or another attempt of the task came first. With `concurrency`
   * each call of `map` has a signal of its own, which fires as well when the attempt fails at an earlier record.
   */
  readonly signal: AbortSignal;
  /**
   * Writes a line to standard error. As with all that an app prints, the engine marks the line with the task and keeps
   * the most recent output, to show it if this attempt makes the job fail.
   */
  log(message: string): void;
  /**
   * Returns the absolute path of the file given to the job as `--file path#name`. Throws if there is no file of that
   * name.
   */
  file(name: string): string;
  /** Returns the counter of that name, creating it on first use. */
  counter(name: string): Counter;
  /**
   * In a pipeline, the totals of the counters of each earlier step by name, those of step 1 first: `ctx.earlierCounters[0]`.
   * A counter to which the step added nothing is missing. Empty in the first step, and for an app that runs by itself.
   */
  readonly earlierCounters: EarlierCounters;
  /**
   * Returns a file that this task writes beside the job's output. If the attempt commits, the file becomes
   * `mr-side-map-TASK-NAME` (or `mr-side-reduce-…`) in the output directory; otherwise it is removed. A name consists
   * of letters a to z, digits, `_`, `-`, and single dots between them.
   */
  sideFile(name: string): SideFile;
}

/** The context of `readRecords`. */
export interface ReadContext extends TaskContext {
  /** The name of the input file as given on the command line. Bytes that are not UTF-8 appear as `\xe9`. */
  readonly filename: string;
}

/** Reads the records of one file from its decompressed bytes. */
export type ReadRecords<Input = unknown> = (stream: Readable, ctx: ReadContext) => AsyncIterable<Input>;

export interface MapContext<Value extends JsonValue = JsonValue> extends TaskContext {
  readonly kind: "map";
  /**
   * The name of the input file as given on the command line. Bytes that are not UTF-8 appear as `\xe9`. Throws in `setup`
   * and `teardown` of a task that reads several small files.
   */
  readonly filename: string;
  /**
   * The byte offset of the record in the file, or in the decompressed data if the file is compressed. With
   * `readRecords`, the record number, from 0. In `setup` it is 0; in `teardown` it is the last record's.
   */
  readonly offset: number;
  /** Emits a pair. Equivalent to returning it, and the fastest way for an app that works with strings. */
  emit(key: string, value: Value): void;
  /**
   * Like `emit`, for a key that is already UTF-8: the bytes of `buffer` from `start` up to, but not including, `end`.
   * No string is created before `reduce`. Invalid UTF-8 becomes U+FFFD. The bytes are copied.
   *
   * Throws a RangeError unless `start` and `end` are ordered positions in the buffer, and a TypeError unless `buffer`
   * is a Uint8Array.
   */
  emitBytes(buffer: Uint8Array, start: number, end: number, value: Value): void;
  /** Like `emitBytes`, for a string value that is already UTF-8, too: the bytes from `valueStart` to `valueEnd`. */
  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void;
}

/** One of several outputs of a job. */
export interface NamedOutput {
  /** Writes a record to it, in the format of the job. */
  emit(key: string, value: JsonValue): void;
}

export interface ReduceContext extends TaskContext {
  readonly kind: "reduce";
  /** Writes the output line `key value`. */
  emit(key: string, value: JsonValue): void;
  /**
   * Returns an output beside `mr-out-TASK`: the file `NAME/part-TASK` in the output directory, with the same extension.
   * A name such as `country=AT` is what Hive, DuckDB and Spark call a partition. Characters that file names should not
   * have are escaped: `a/b` becomes `a%2Fb`.
   */
  output(name: string): NamedOutput;
}

/** Pairs returned by `map`: an array, a generator or an asynchronous generator. Nothing if `map` called `ctx.emit`. */
export type MapResult<Value extends JsonValue = JsonValue> =
  Iterable<KeyValue<Value>> | AsyncIterable<KeyValue<Value>> | void | Promise<Iterable<KeyValue<Value>> | void>;

/**
 * The value to write after the key, or nothing to write no line. An iterator, such as a generator, asynchronous or not,
 * writes one line with the key for each value it yields. An array is a single value.
 */
export type ReduceResult =
  | JsonValue
  | void
  | IterableIterator<JsonValue, unknown>
  | AsyncIterableIterator<JsonValue, unknown>
  | Promise<JsonValue | void | IterableIterator<JsonValue, unknown>>;

/**
 * The value that replaces those given to `combine`. An iterator, such as a generator, may yield several, but at least
 * one.
 */
export type CombineResult<Value extends JsonValue = JsonValue> = Value | IterableIterator<Value, unknown>;

/** The context of `setup` and `teardown`; `ctx.kind` tells map from reduce. */
export type HookContext<Value extends JsonValue = JsonValue> = MapContext<Value> | ReduceContext;

/**
 * An app's own output format, written to `mr-out-0.<extension>`, `mr-out-1.<extension>`, and so on. Each file consists
 * of the header, the records and the footer.
 */
export interface OutputWriter {
  /**
   * Lower-case letters and digits, starting with a letter. Must differ from the extensions of the engine's own formats.
   */
  readonly extension: string;
  readonly header?: string | Uint8Array;
  readonly footer?: string | Uint8Array;
  /** Formats one pair that `reduce` returned, including the line ending, as text or raw bytes. */
  record(key: string, value: JsonValue): string | Uint8Array;
}

/**
 * How the engine writes an app's output files: `export const writer = { format: "csv", columns: ["country", "total"] }`.
 */
export interface OutputLayout {
  readonly format: "jsonl" | "csv" | "tsv";
  /**
   * For csv and tsv: the names of the columns, and the header of each file. The first is the key's, unless `values` is
   * true. The others are the value's: the properties of an object with these names, the elements of an array in this
   * order, or a single value that is neither. A value that does not fit is an error.
   */
  readonly columns?: readonly string[];
  /** Whether to write only the values, without their keys. csv and tsv then need `columns`. */
  readonly values?: boolean;
}

/**
 * An app: the exports of its module. It needs either `map` or `mapBytes`, and either `reduce` or `reduceStream`. A job
 * without reduce tasks (`-r 0`) needs neither of the latter two: its output is what `map` emits.
 *
 * `Value` is the type of the emitted values. `Input` is the type `map` receives: a string, `JsonValue` for `"jsonl"`,
 * `Record<string, string>` for `"csv"`, the values for `"pairs"`, or what `readRecords` yields.
 */
export interface App<Value extends JsonValue = JsonValue, Input = string> {
  /** What each call of `map` receives. Default: `"file"`. */
  readonly input?: InputKind | undefined;

  /** The dialect of the `"csv"` files. */
  readonly csv?: CsvOptions | undefined;

  /** How to read the numbers of `"jsonl"` and `"pairs"`. */
  readonly jsonl?: JsonlOptions | undefined;

  /**
   * The options the app requires, as the user types them: `"--arg pattern=REGEX"`, `"--file centroids.txt"`. A job is
   * rejected up front if any is missing.
   */
  readonly needs?: readonly string[] | undefined;

  /**
   * The names of `--arg` that the app reads, besides those in `needs`: `["ignore-case"]`, or `[]` for none. A job that
   * passes any other name is rejected up front. Without this export, a job that passed an `--arg` which the app never
   * read fails at its end.
   */
  readonly args?: readonly string[] | undefined;

  /**
   * How many records of a map attempt may be in flight at once, 1 to 1000; 1 when absent. Use it for a `map` that awaits
   * something. The pairs still arrive in the order of the records, so the output has the same bytes. Each call has its own
   * context, and may emit through it until the call has ended. `--map-concurrency` overrides it.
   */
  readonly concurrency?: number | undefined;

  /**
   * How many calls of `map` may begin in a second, in all attempts of the job together: a number above 0, such as 50 or
   * 0.5. When absent, there is no limit. `--rate-per-second` overrides it.
   */
  readonly ratePerSecond?: number | undefined;

  /**
   * The app's own reader, in place of `input`: an `async function*` that yields the values for `map`. It is called once
   * per file, and must yield the same records each time it reads the same file.
   */
  readonly readRecords?: ReadRecords<Input> | undefined;

  /**
   * Called once per record. Emits pairs by returning or yielding them, or with `ctx.emit`. The key is the file name, as
   * in `ctx.filename`, or for `"pairs"` the pair's key.
   */
  map?(key: string, value: Input, ctx: MapContext<Value>): MapResult<Value>;

  /**
   * Like `map`, on the raw bytes of `"file"`, `"text"` and `"lines"`, for apps that need no strings. For a `"text"`
   * split, it receives one chunk of whole lines at a time: a few hundred KiB, or a single longer line.
   *
   * The chunk is only lent: the engine reuses its memory after the call returns (or after the returned promise
   * resolves). With `concurrency` or `ratePerSecond` each call has its own copy.
   */
  mapBytes?(key: string, chunk: Uint8Array, ctx: MapContext<Value>): MapResult<Value>;

  /** Called once per distinct key, in key order, with all values of the key. */
  reduce?(key: string, values: Value[], ctx: ReduceContext): ReduceResult;

  /** Like `reduce`, for keys whose values may not fit in memory. The values can be iterated once, in order. */
  reduceStream?(key: string, values: Iterable<Value>, ctx: ReduceContext): ReduceResult;

  /**
   * Folds several values of one key into one: on the map side before they are written (paper section 4.3), and on the
   * reduce side for a key with more values than should be in memory. `reduce` must give the same result no matter how
   * often and in which grouping `combine` was applied, if at all.
   *
   * Returns one value of the kind that `map` emits; as a generator (`*combine`) it yields one or more. Returning a
   * promise is an error, and so is returning an array unless the values are arrays.
   */
  combine?(key: string, values: Value[]): CombineResult<Value>;

  /**
   * Sorts the values of each key. `true` sorts by the values themselves: numbers and bigints first, in numeric order,
   * then strings by their UTF-8 bytes, then everything else by its JSON text. A function returns the sort key of a
   * value: a string, a number or a bigint. The order of values with equal sort keys is unspecified, as is the order of
   * all values when this is absent. The values are sorted together with the keys, on disk if necessary, so
   * `reduceStream` gets any number of values in order.
   */
  readonly sortValues?: boolean | ((value: Value) => string | number | bigint);

  /**
   * Returns the name of the group that a key belongs to. All keys of a group share one call of `reduce`, whose key is
   * the group's name and whose values are all values of the group, in the order of their keys (UTF-8 bytes).
   */
  groupKey?(key: string): string;

  /**
   * Returns the reduce task that a key belongs to, 0 … reducers − 1 (paper section 4.1). Default: murmurhash v3 of the
   * key's UTF-8 bytes, modulo the number of reducers, or as `--partitioner` says. With `groupKey`, it receives group
   * names.
   */
  partition?(key: string, reducers: number): number;

  /**
   * Called once per map or reduce attempt, before its first record or key. Initialize per-attempt state here: a module
   * outlives an attempt and serves many. The engine awaits it.
   */
  setup?(ctx: HookContext<Value>): void | Promise<void>;

  /**
   * Called once per attempt, after its last record or key; it may still emit. The engine awaits it. It also runs when
   * `map` or `reduce` has thrown, so that it can close what `setup` opened; anything it emits then has no effect. It
   * does not run when `setup` threw or the thread was terminated.
   */
  teardown?(ctx: HookContext<Value>): void | Promise<void>;

  /**
   * The format of the app's output, which the user then cannot choose: one of the engine's, or the app's own. In a
   * pipeline, only the last step's writer is used.
   */
  readonly writer?: OutputWriter | OutputLayout | OutputLayout["format"];
}

/** The parts of an app that differ when it declares several inputs. */
type OneInput = "input" | "csv" | "jsonl" | "readRecords" | "map" | "mapBytes";

/**
 * An app that reads several inputs, which may be of different kinds, such as the two sides of a join. A job names the
 * files of each: `--input orders=orders.jsonl --input customers=customers.csv`.
 */
export interface AppOfInputs<Value extends JsonValue = JsonValue> extends Omit<App<Value>, OneInput> {
  /** What `map` receives for each input, by name: `{ orders: "jsonl", customers: "csv" }`. */
  readonly inputs: Readonly<Record<string, NamedInput>>;

  /** A function like `map` of `App` for each input, by the same name. */
  readonly map: Readonly<Record<string, MapOfInput<Value>>>;
}

/** Called once per record of one input. The type of `value` follows from the kind of that input. */
export type MapOfInput<Value extends JsonValue = JsonValue> = (
  key: string,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- Each input has a type of its own.
  value: any,
  ctx: MapContext<Value>,
) => MapResult<Value>;

/**
 * A pipeline step: an app whose `input` is `"pairs"`, unless it is the first step. Without `reduce`, what its `map`
 * emits goes to the next step.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- Each step has types of its own.
export type Step<Value extends JsonValue = any, Input = any> = App<Value, Input> & {
  /**
   * The number of reduce tasks of this step, overriding the job's. Use 1 for a step that gathers everything, such as a
   * top ten.
   */
  readonly reducers?: number;
};

/** A first step that declares `inputs`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- As for `Step`.
export type StepOfInputs<Value extends JsonValue = any> = AppOfInputs<Value> & Pick<Step, "reducers">;

/** An app of several jobs. Each job reads the pairs that the previous job wrote. */
export interface Pipeline {
  /** The options the steps require, as in `App`. */
  readonly needs?: readonly string[] | undefined;
  /** The names of `--arg` that the steps read. */
  readonly args?: readonly string[] | undefined;
  /** Only the first may declare `inputs`: the others read pairs. */
  readonly steps: readonly (Step | StepOfInputs)[];
}
