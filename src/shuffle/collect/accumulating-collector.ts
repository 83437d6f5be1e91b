import { combinedValues, type Combine } from "../../app/combine.js";
import type { JsonValue } from "../../app/contract.js";
import { decodedRange, requireRange } from "./byte-ranges.js";
import type { CollectedPartition, Collector, CollectorOptions } from "./collector.js";
import { travelledValue } from "./travelled-value.js";

/** The most keys with live values, the share of the memory for pairs that these take, and its limit. */
const keysMax = 16 * 1024;
const memoryShare = 1 / 8;
const liveBytesMax = 32 * 2 ** 20;
/** How many values of a key are folded at a time. */
const valuesMax = 32;
/** Accumulators rarely have longer keys. */
const keyLengthMax = 256;
/** The estimated size of an entry without its key and values. */
const entryBytes = 200;
/** After this many pairs without a place in the table, it is emptied to make room for the current keys. */
const missesMax = 4 * keysMax;

/** The values of a key that are waiting to be folded. */
interface Live {
  readonly key: string;
  values: JsonValue[];
  /** An estimate of the memory for the values. */
  bytes: number;
  /** Whether any value is an array. */
  hasArrays: boolean;
}

/**
 * A collector in front of another one, for apps that emit arrays or objects and can combine them. It keeps the values
 * of hot keys as JavaScript values and folds them a few at a time, as the partial aggregation of Spark and DuckDB does.
 * The inner collector gets one folded value in place of many, and only that value becomes JSON.
 *
 * The first value of a key goes through at once, so that the `emit` at fault asks the app's `partition` and rejects a
 * bad key or value. A full table is emptied into the inner collector. If keys hardly repeat, the table is abandoned.
 */
export class AccumulatingCollector implements Collector {
  readonly #inner: Collector;
  readonly #combine: Combine;
  readonly #onFold: (isFolding: boolean) => void;
  readonly #bytesMax: number;
  readonly #live = new Map<string, Live>();
  #bytes = 0;
  /** Pairs taken that the inner collector has not been given, or only in folded form. */
  #folded = 0;
  /** Whether no key is live and nothing is refused: pairs with other values than objects then go straight through. */
  #isIdle = true;
  /** Pairs that found a live key, and pairs that found no place since the table was last emptied. */
  #hits = 0;
  #misses = 0;
  /** Whether the table accepts new keys. */
  #isOpen = true;
  /** Why the collector takes no pair now. */
  #refusal: string | undefined;
  /** The error by which pairs were lost. The app may have caught it where it called `emit`. */
  #lossError: unknown;

  /** `create` makes the inner collector, which gets the remaining memory. */
  constructor(
    options: CollectorOptions & { readonly combine: Combine },
    create: (options: CollectorOptions) => Collector,
  ) {
    const { memoryBytes = 256 * 2 ** 20 } = options;
    this.#bytesMax = Math.min(liveBytesMax, Math.floor(memoryBytes * memoryShare));
    this.#inner = create({ ...options, memoryBytes: memoryBytes - this.#bytesMax });
    this.#combine = options.combine;
    this.#onFold = (isFolding) => options.onFold?.(isFolding);
  }

  get pairs(): number {
    return this.#inner.pairs + this.#folded;
  }

  get spilled(): Collector["spilled"] {
    return this.#inner.spilled;
  }

  get keysWritten(): number {
    return this.#inner.keysWritten;
  }

  get memoryBytes(): number {
    return this.#inner.memoryBytes + this.#bytes;
  }

  emit(key: string, value: JsonValue): void {
    if (!this.#isIdle) {
      if (this.#refusal !== undefined) throw this.#refused("emit", this.#refusal);
      const live = this.#live.get(key);
      if (live !== undefined) {
        this.#add(live, value);
        return;
      }
    }
    this.#inner.emit(key, value);
    if (typeof value === "object" && this.#isOpen) this.#enter(key);
  }

  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void {
    if (this.#isIdle && typeof value !== "object") this.#inner.emitBytes(buffer, start, end, value);
    else this.#emitDecoded(buffer, start, end, value);
  }

  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    if (this.#isIdle) this.#inner.emitSlices(buffer, keyStart, keyEnd, valueStart, valueEnd);
    else this.#emitDecodedSlices(buffer, keyStart, keyEnd, valueStart, valueEnd);
  }

  finish(): CollectedPartition[] {
    if (this.#refusal !== undefined) throw this.#refused("finish", this.#refusal);
    this.#empty();
    this.#refuse("the map task has already finished");
    return this.#inner.finish();
  }

  discard(): void {
    this.#refuse(this.#refusal ?? "the map task was given up");
    this.#live.clear();
    this.#bytes = 0;
    this.#inner.discard();
  }

  // Not part of the callers, so that V8 can inline these where an app emits.
  #emitDecoded(buffer: Uint8Array, start: number, end: number, value: JsonValue): void {
    if (this.#refusal !== undefined) throw this.#refused("emitBytes", this.#refusal);
    requireRange("emitBytes", buffer, start, end);
    this.emit(decodedRange(buffer, start, end), value);
  }

  #emitDecodedSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    if (this.#refusal !== undefined) throw this.#refused("emitSlices", this.#refusal);
    requireRange("emitSlices", buffer, keyStart, keyEnd);
    requireRange("emitSlices", buffer, valueStart, valueEnd);
    this.emit(decodedRange(buffer, keyStart, keyEnd), decodedRange(buffer, valueStart, valueEnd));
  }

  #refused(called: string, refusal: string): Error {
    return new Error(`${called}: ${refusal}`, { cause: this.#lossError });
  }

  #refuse(refusal: string): void {
    this.#refusal = refusal;
    this.#isIdle = false;
  }

  /** Keeps the later values of a key if there is room. */
  #enter(key: string): void {
    if (key.length <= keyLengthMax && this.#live.size < keysMax && this.#bytes < this.#bytesMax) {
      this.#live.set(key, { key, values: [], bytes: 0, hasArrays: false });
      this.#isIdle = false;
      this.#bytes += entryBytes + 2 * key.length;
      return;
    }
    this.#misses += 1;
    if (this.#misses > missesMax) this.#empty();
  }

  #add(live: Live, value: JsonValue): void {
    this.#push(live, travelledValue("emit", live.key, value));
    this.#hits += 1;
    this.#folded += 1;
    if (live.values.length === valuesMax) this.#fold(live);
    if (this.#bytes > this.#bytesMax) this.#empty();
  }

  #push(live: Live, value: JsonValue): void {
    const bytes = bytesOf(value);
    live.values.push(value);
    live.bytes += bytes;
    this.#bytes += bytes;
    if (Array.isArray(value)) live.hasArrays = true;
  }

  /** Folds the values of a key into one or a few. A key whose values do not get shorter leaves the table. */
  #fold(live: Live): void {
    const { key, values, bytes, hasArrays } = live;
    this.#forget(live);
    for (const value of this.#combined(key, values, hasArrays)) this.#push(live, value);
    if (live.bytes <= bytes / 2) return;
    // A `combine` that joins its values would keep reading and writing an ever longer result.
    this.#isOpen = false;
    this.#empty();
  }

  #combined(key: string, values: JsonValue[], hasArrays: boolean): JsonValue[] {
    this.#refuse("called by the app's combine function");
    // The current record is not to blame for the values of its key.
    this.#onFold(true);
    try {
      const result: unknown = this.#combine(key, values);
      const given = typeof result === "object" ? combinedValues(key, result, hasArrays) : [result];
      const travelled = given.map((value) => travelledValue("combine", key, value));
      this.#refusal = undefined;
      this.#onFold(false);
      return travelled;
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
  }

  /** Hands all values to the inner collector. */
  #empty(): void {
    // A table that saves less than every second pair is not worth its cost.
    if (this.#hits < 2 * this.#live.size && this.#misses > 0) this.#isOpen = false;
    for (const live of this.#live.values()) {
      if (live.values.length > 1) {
        const { key, values, hasArrays } = live;
        this.#forget(live);
        for (const value of this.#combined(key, values, hasArrays)) this.#push(live, value);
      }
      this.#giveOn(live);
    }
    this.#live.clear();
    this.#isIdle = true;
    this.#bytes = 0;
    this.#hits = 0;
    this.#misses = 0;
  }

  #giveOn(live: Live): void {
    const { key, values } = live;
    this.#forget(live);
    try {
      for (const value of values) {
        this.#inner.emit(key, value);
        this.#folded -= 1;
      }
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
  }

  #forget(live: Live): void {
    this.#bytes -= live.bytes;
    live.values = [];
    live.bytes = 0;
    live.hasArrays = false;
  }

  /** Accepted pairs were lost, so the remaining pairs must not become a result. */
  #giveUp(error: unknown): void {
    this.#refuse("pairs could not be combined");
    this.#lossError = error;
    this.discard();
  }
}

/** An estimate of a value's memory. */
function bytesOf(value: JsonValue): number {
  if (typeof value === "string") return 32 + 2 * value.length;
  if (typeof value !== "object" || value === null) return 16;
  let bytes = 64;
  if (Array.isArray(value)) {
    for (const element of value as readonly JsonValue[]) bytes += bytesOf(element);
  } else {
    const object = value as Readonly<Record<string, JsonValue>>;
    for (const property in object) bytes += 16 + bytesOf(object[property] ?? null);
  }
  return bytes;
}
