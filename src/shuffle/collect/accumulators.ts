import { combinedValues, type Combine } from "../../app/combine.js";
import type { JsonValue } from "../../app/contract.js";
import { decodedRange, requireRange } from "./byte-ranges.js";
import type { Detour } from "./detour.js";
import { travelledValue } from "./travelled-value.js";

/** The most keys with live values, the share of the collector's memory that these take, and its limit. */
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

/** The collector whose hot keys have accumulators. */
export interface AccumulatorsHost {
  /** Takes a pair itself. */
  keep(key: string, value: JsonValue): void;
  /** From now on either gives all pairs to the accumulators, or keeps all. */
  divert(isDiverted: boolean): void;
  /** Makes room for that many bytes. */
  reserve(bytes: number): void;
  /** Runs an action that calls the app's `combine`, which must not emit. */
  fold<Result>(action: () => Result): Result;
  /** Accepted pairs were lost, so the remaining pairs must not become a result. */
  giveUp(error: unknown): void;
}

/**
 * The values of hot keys, for apps that emit arrays or objects and can combine them. They stay JavaScript values and
 * are folded a few at a time, as in the partial aggregation of Spark and DuckDB. The collector gets one folded value in
 * place of many, and only that value becomes JSON.
 *
 * The collector itself keeps the first value of a key, so that the `emit` at fault asks the app's `partition` and
 * rejects a bad key or value. While any key is live, all pairs come here, which keeps the values of a key in order. A
 * full table is emptied into the collector. If keys hardly repeat, the table is abandoned.
 */
export class Accumulators implements Detour {
  readonly #host: AccumulatorsHost;
  readonly #combine: Combine;
  readonly #bytesMax: number;
  readonly #live = new Map<string, Live>();
  #bytes = 0;
  #folded = 0;
  /** Pairs that found a live key, and pairs that found no place since the table was last emptied. */
  #hits = 0;
  #misses = 0;
  /** Whether the table accepts new keys. */
  #isOpen = true;

  /** `memoryBytes` is what the collector may use in total. */
  constructor(combine: Combine, memoryBytes: number, host: AccumulatorsHost) {
    this.#host = host;
    this.#combine = combine;
    this.#bytesMax = Math.min(liveBytesMax, Math.floor(memoryBytes * memoryShare));
  }

  /** How many pairs were taken that the collector has not been given, or only in folded form. */
  get pairs(): number {
    return this.#folded;
  }

  /** The memory in use. */
  get bytes(): number {
    return this.#bytes;
  }

  emit(key: string, value: JsonValue): void {
    const live = this.#live.get(key);
    if (live !== undefined) {
      this.#add(live, value);
      return;
    }
    this.#host.keep(key, value);
    if (typeof value === "object") this.enter(key);
  }

  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void {
    requireRange("emitBytes", buffer, start, end);
    this.emit(decodedRange(buffer, start, end), value);
  }

  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    requireRange("emitSlices", buffer, keyStart, keyEnd);
    requireRange("emitSlices", buffer, valueStart, valueEnd);
    this.emit(decodedRange(buffer, keyStart, keyEnd), decodedRange(buffer, valueStart, valueEnd));
  }

  /** Accepts the later values of a key if there is room; the collector kept its first one, an array or object. */
  enter(key: string): void {
    if (!this.#isOpen) return;
    if (key.length <= keyLengthMax && this.#live.size < keysMax && this.#bytes < this.#bytesMax) {
      this.#addBytes(entryBytes + 2 * key.length);
      if (this.#live.size === 0) this.#host.divert(true);
      this.#live.set(key, { key, values: [], bytes: 0, hasArrays: false });
      return;
    }
    this.#misses += 1;
    if (this.#misses > missesMax) this.empty();
  }

  /** Hands all values to the collector. */
  empty(): void {
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
    this.#bytes = 0;
    this.#hits = 0;
    this.#misses = 0;
    this.#host.divert(false);
  }

  /** Drops all values. */
  discard(): void {
    this.#live.clear();
    this.#bytes = 0;
  }

  #add(live: Live, value: JsonValue): void {
    this.#push(live, travelledValue("emit", live.key, value));
    this.#hits += 1;
    this.#folded += 1;
    if (live.values.length === valuesMax) this.#fold(live);
    if (this.#bytes > this.#bytesMax) this.empty();
  }

  #push(live: Live, value: JsonValue): void {
    const bytes = bytesOf(value);
    this.#addBytes(bytes);
    live.values.push(value);
    live.bytes += bytes;
    if (Array.isArray(value)) live.hasArrays = true;
  }

  #addBytes(bytes: number): void {
    this.#host.reserve(bytes);
    this.#bytes += bytes;
  }

  /** Folds the values of a key into one or a few. If they do not get shorter, the table is abandoned. */
  #fold(live: Live): void {
    const { key, values, bytes, hasArrays } = live;
    this.#forget(live);
    for (const value of this.#combined(key, values, hasArrays)) this.#push(live, value);
    if (live.bytes <= bytes / 2) return;
    // A `combine` that joins its values would keep reading and writing an ever longer result.
    this.#isOpen = false;
    this.empty();
  }

  #combined(key: string, values: JsonValue[], hasArrays: boolean): JsonValue[] {
    try {
      return this.#host.fold(() => {
        const result: unknown = this.#combine(key, values);
        const given = typeof result === "object" ? combinedValues(key, result, hasArrays) : [result];
        return given.map((value) => travelledValue("combine", key, value));
      });
    } catch (error) {
      this.#host.giveUp(error);
      throw error;
    }
  }

  #giveOn(live: Live): void {
    const { key, values } = live;
    this.#forget(live);
    try {
      for (const value of values) {
        this.#host.keep(key, value);
        this.#folded -= 1;
      }
    } catch (error) {
      this.#host.giveUp(error);
      throw error;
    }
  }

  #forget(live: Live): void {
    this.#bytes -= live.bytes;
    live.values = [];
    live.bytes = 0;
    live.hasArrays = false;
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
