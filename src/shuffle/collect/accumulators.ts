import { combinedValues, type Combine } from "../../app/combine.js";
import type { JsonValue } from "../../app/contract.js";
import { ownString } from "../../app/own-string.js";
import { liveFoldOf, type LiveFold } from "../../app/plain-fold.js";
import { decodedRange, requireRange } from "./byte-ranges.js";
import type { Detour } from "./detour.js";
import { LiveValues } from "./live-values.js";
import { WaitingValues } from "./waiting-values.js";

/** The most keys with live values, the share of the collector's memory that these take, and its limit. */
const keysMax = 128 * 1024;
const memoryShare = 1 / 4;
const liveBytesMax = 64 * 2 ** 20;
/** How many values of a key are folded at a time. */
const valuesMax = 32;
/** Accumulators rarely have longer keys. */
const keyLengthMax = 256;
/** The estimated size of an entry without its key and values. */
const entryBytes = 300;
/** After this many pairs without a place in the table, it is emptied to make room for the current keys. */
const missesMax = 4 * keysMax;

/** The collector whose hot keys have accumulators. */
export interface AccumulatorsHost {
  /** Takes a pair itself. Returns whether folding its value with others may be better. */
  keep(key: string, value: JsonValue): boolean;
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
 * The values of hot keys, for apps with a `combine` that emit arrays, objects or many different numbers. They stay
 * JavaScript values and are folded a few at a time, as in the partial aggregation of Spark and DuckDB. The collector gets
 * one folded value in place of many, and only that value becomes JSON.
 *
 * The collector itself keeps the first value of a key, so that the `emit` at fault asks the app's `partition` and
 * rejects a bad key or value. While any key is live, all pairs come here, which keeps the values of a key in order. A
 * full table is emptied into the collector. If keys hardly repeat, the table is abandoned.
 */
export class Accumulators implements Detour {
  readonly #host: AccumulatorsHost;
  readonly #combine: Combine;
  readonly #newFold: ((key: string) => LiveFold) | undefined;
  readonly #bytesMax: number;
  readonly #live = new Map<string, WaitingValues | LiveValues>();
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
    this.#newFold = liveFoldOf(combine);
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
    if (this.#host.keep(key, value)) this.enter(key);
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

  /** Accepts the later values of a key if there is room; the collector kept its first one. */
  enter(given: string): void {
    if (!this.#isOpen) return;
    if (given.length <= keyLengthMax && this.#live.size < keysMax && this.#bytes < this.#bytesMax) {
      const key = ownString(given);
      const fold = this.#newFold?.(key);
      const live = fold === undefined ? new WaitingValues(key) : new LiveValues(key, fold);
      this.#addBytes(entryBytes + 2 * key.length + live.bytes);
      if (this.#live.size === 0) this.#host.divert(true);
      this.#live.set(key, live);
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
      if (live.count > 1) this.#combineValues(live);
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

  #add(live: WaitingValues | LiveValues, value: JsonValue): void {
    const { bytes } = live;
    live.push("emit", value);
    if (live.bytes !== bytes) this.#addBytes(live.bytes - bytes);
    this.#hits += 1;
    this.#folded += 1;
    if (live.count === valuesMax) this.#fold(live);
    if (this.#bytes > this.#bytesMax) this.empty();
  }

  #addBytes(bytes: number): void {
    this.#host.reserve(bytes);
    this.#bytes += bytes;
  }

  /** Folds the values of a key into one or a few. If they do not get shorter, the table is abandoned. */
  #fold(live: WaitingValues | LiveValues): void {
    const { size } = live;
    this.#combineValues(live);
    if (live.size <= size / 2) return;
    // A `combine` that joins its values would keep reading and writing an ever longer result.
    this.#isOpen = false;
    this.empty();
  }

  #combineValues(live: WaitingValues | LiveValues): void {
    const { key, bytes, haveArrays } = live;
    try {
      this.#host.fold(() => {
        const result: unknown = this.#combine(key, live.take());
        if (typeof result !== "object") live.push("combine", result);
        else for (const value of combinedValues(key, result, haveArrays)) live.push("combine", value);
      });
    } catch (error) {
      this.#host.giveUp(error);
      throw error;
    }
    this.#bytes += live.bytes - bytes;
  }

  /** Hands the values to the collector. */
  #giveOn(live: WaitingValues | LiveValues): void {
    this.#bytes -= live.bytes;
    try {
      for (const value of live.take()) {
        this.#host.keep(live.key, value);
        this.#folded -= 1;
      }
    } catch (error) {
      this.#host.giveUp(error);
      throw error;
    }
  }
}
