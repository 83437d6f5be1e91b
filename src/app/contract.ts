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
 * `"file"` a whole file, `"text"` a split cut at a line end, `"lines"` a line, `"jsonl"` a document, `"csv"` a row.
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
  /** Hands a pair on to `reduce`: the same as returning it, and the fastest way. */
  emit(key: string, value: Value): void;
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

/** An app: what its module exports. Exactly one of `reduce` and `reduceStream` is needed. */
export interface App<Value extends JsonValue = JsonValue> {
  /** What one call of `map` is given; `"file"` when absent. */
  readonly input?: InputKind;

  /** Called once per record. Emits pairs by returning them, by yielding them, or with `ctx.emit`. */
  map(key: string, value: string, ctx: MapContext<Value>): MapResult<Value>;

  /** Called once per distinct key, in the order of the keys, with all values of the key. */
  reduce?(key: string, values: Value[], ctx: ReduceContext): ReduceResult;

  /** Like `reduce`, for keys whose values must not all be in memory at once. The values can be read once, in order. */
  reduceStream?(key: string, values: Iterable<Value>, ctx: ReduceContext): ReduceResult;

  /**
   * Folds several values of one key into one, on the map side, before they are written (paper section 4.3).
   * It must give the same result however often and in whatever grouping it is applied.
   */
  combine?(key: string, values: Value[]): Value;

  /**
   * Which reduce task a key belongs to, 0 … reducers − 1 (paper section 4.1).
   * When absent: murmurhash v3 of the key's UTF-8 bytes, modulo the number of reducers.
   */
  partition?(key: string, reducers: number): number;
}
