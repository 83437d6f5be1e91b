/**
 * What an app is: the user's module with `map` and `reduce`, as named exports or as one default export.
 *
 * The shapes follow Dean & Ghemawat, "MapReduce: Simplified Data Processing on Large Clusters" (OSDI 2004), section 2,
 * and the apps of the MIT 6.5840 lab.
 */

/** What can travel from `map` to `reduce`: whatever survives `JSON.stringify` and `JSON.parse`. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** One intermediate pair. */
export interface KeyValue<Value extends JsonValue = JsonValue> {
  /** Any JavaScript string; keys are ordered by their code points. */
  readonly key: string;
  readonly value: Value;
}

/**
 * What one call of `map` is given (its `value`):
 * `"file"` a whole file, `"text"` a split of whole lines, `"lines"` a line without its ending, `"jsonl"` a document,
 * `"csv"` a row.
 *
 * Files of all kinds but `"file"` are cut into splits, which are mapped independently of each other. A line ends with
 * "\n" or "\r\n", or with the file.
 */
export type InputKind = "file" | "text" | "lines" | "jsonl" | "csv";

/** A named number that an app counts up. The counts of an attempt enter the job's total when it commits. */
export interface Counter {
  /** Adds `n` (1 when left out), which may be negative. */
  add(n?: number): void;
}

/** What `map` and `reduce` are told about the attempt they run in. */
export interface TaskContext {
  /** The values of `--arg name=value`. */
  readonly args: Readonly<Record<string, string>>;
  /** Number of the map task (0 … splits − 1) or of the reduce task (0 … reducers − 1). */
  readonly task: number;
  /** 1 for the first attempt of this task, counted up by each retry and each backup attempt. */
  readonly attempt: number;
  /** Aborted when this attempt is revoked, so that an asynchronous app can stop early. */
  readonly signal: AbortSignal;
  /** Writes a line to the log of the worker, marked with the task. */
  log(message: string): void;
  /** The counter of that name, made on first use. */
  counter(name: string): Counter;
}

export interface MapContext<Value extends JsonValue = JsonValue> extends TaskContext {
  /** The name of the input file, as it was given on the command line. */
  readonly filename: string;
  /** Where the record begins in the file, in bytes. */
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
  /** Writes the output line `key value`. */
  emit(key: string, value: JsonValue): void;
}

/** Pairs returned by `map`: an array, a generator, an asynchronous generator; nothing when it called `ctx.emit`. */
export type MapResult<Value extends JsonValue = JsonValue> =
  Iterable<KeyValue<Value>> | AsyncIterable<KeyValue<Value>> | void | Promise<Iterable<KeyValue<Value>> | void>;

/** The value to write after the key; nothing to write no line (or because `ctx.emit` was called). */
export type ReduceResult = JsonValue | void | Promise<JsonValue | void>;

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
 */
export interface App<Value extends JsonValue = JsonValue> {
  /** What one call of `map` is given; `"file"` when absent. */
  readonly input?: InputKind;

  /** Called once per record. Emits pairs by returning them, by yielding them, or with `ctx.emit`. */
  map?(key: string, value: string, ctx: MapContext<Value>): MapResult<Value>;

  /**
   * Like `map`, on the bytes of the file as they are, for apps that can do without strings. Of a `"text"` split it is
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
   * reduce side of a key with more values than are wanted in memory. It must give the same result however often and in
   * whatever grouping it is applied, not at all included.
   */
  combine?(key: string, values: Value[]): Value;

  /**
   * Which reduce task a key belongs to, 0 … reducers − 1 (paper section 4.1).
   * When absent: murmurhash v3 of the key's UTF-8 bytes, modulo the number of reducers.
   */
  partition?(key: string, reducers: number): number;

  /** How the output is written, if not in one of the engine's formats. */
  readonly writer?: OutputWriter;
}
