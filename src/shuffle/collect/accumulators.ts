import { combinedValues, type Combine } from "../../app/combine.js";
import type { JsonValue } from "../../app/contract.js";
import { ownString } from "../../app/own-string.js";
import { liveFoldOf, type LiveFold } from "../../app/plain-fold.js";
import { decodedRange, requireRange } from "./byte-ranges.js";
import type { Detour } from "./detour.js";
import { LiveValues } from "./live-values.js";
import { rowWidth } from "./row-log.js";
import { RowTable } from "./row-table.js";
import { travelledValue } from "./travelled-value.js";
import { WaitingValues } from "./waiting-values.js";

/** The most keys in the map before the row table may take its place. Beyond, most look-ups miss the processor's cache. */
const mapKeysMax = 1024;
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
  /** Whether the app has its own `partition`, which `keep` asks. */
  readonly hasPartition: boolean;
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
 * A map holds the keys. When there are many, and all values are numbers or arrays of numbers of one length, the map is
 * emptied and a `RowTable` takes its place. The first value of another kind ends the row table for good.
 *
 * The collector itself keeps the first value of a key in the map, so that the `emit` at fault asks the app's `partition`
 * and rejects a bad key or value. The row table checks keys and values itself, and leaves first values to the collector
 * only if the app has a `partition`. While any key is live, all pairs come here, which keeps the values of a key in
 * order. A full table is emptied into the collector. If keys hardly repeat, the table is abandoned.
 */
export class Accumulators implements Detour {
  readonly #host: AccumulatorsHost;
  readonly #combine: Combine;
  readonly #newFold: ((key: string) => LiveFold) | undefined;
  readonly #bytesMax: number;
  readonly #hashSeed: number;
  readonly #live = new Map<string, WaitingValues | LiveValues>();
  /** Holds all keys, in place of the map. */
  #rows: RowTable | undefined;
  #mayHaveRows: boolean;
  #bytes = 0;
  #folded = 0;
  /** Pairs that found a live key, and pairs that found no place since the table was last emptied. */
  #hits = 0;
  #misses = 0;
  /** Whether the table accepts new keys. */
  #isOpen = true;

  /** `memoryBytes` is what the collector may use in total. */
  constructor(combine: Combine, memoryBytes: number, hashSeed: number, host: AccumulatorsHost) {
    this.#host = host;
    this.#combine = combine;
    this.#newFold = liveFoldOf(combine);
    this.#hashSeed = hashSeed;
    this.#mayHaveRows = this.#newFold === undefined;
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
    const rows = this.#rows;
    if (rows !== undefined && typeof key === "string" && key.length <= keyLengthMax) {
      if (this.#addRow(rows, rows.add(key, value))) return;
    }
    const live = this.#live.get(key);
    if (live !== undefined) {
      this.#add(live, value);
      return;
    }
    if (this.#host.keep(key, value)) this.enter(key, value);
  }

  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void {
    requireRange("emitBytes", buffer, start, end);
    const rows = this.#rows;
    if (rows !== undefined && end - start <= keyLengthMax) {
      if (this.#addRow(rows, rows.addBytes(buffer, start, end, value))) return;
    }
    this.emit(decodedRange(buffer, start, end), value);
  }

  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    requireRange("emitSlices", buffer, keyStart, keyEnd);
    requireRange("emitSlices", buffer, valueStart, valueEnd);
    this.emit(decodedRange(buffer, keyStart, keyEnd), decodedRange(buffer, valueStart, valueEnd));
  }

  /** Accepts the later values of a key if there is room; the collector kept its first value. */
  enter(given: string, value: JsonValue): void {
    if (!this.#isOpen) return;
    if (this.#rows === undefined && given.length <= keyLengthMax && this.#hasRoom()) {
      if (this.#live.size === mapKeysMax && this.#mayHaveRows) this.#beginRows(rowWidth(value));
      else this.#enterMap(ownString(given));
      return;
    }
    this.#misses += 1;
    if (this.#misses > missesMax) this.empty();
  }

  /** Hands all values to the collector. */
  empty(): void {
    const rows = this.#rows;
    const hits = this.#hits + (rows?.hits ?? 0);
    const misses = this.#misses + (rows?.misses ?? 0);
    // A table that saves less than every second pair is not worth its cost.
    if (hits < 2 * (this.#live.size + (rows?.keys ?? 0)) && misses > 0) this.#isOpen = false;
    if (rows !== undefined) this.#orGiveUp(() => rows.empty());
    for (const live of this.#live.values()) {
      if (live.count > 1) this.#combineValues(live);
      this.#giveOn(live);
    }
    this.discard();
    this.#hits = 0;
    this.#misses = 0;
    this.#host.divert(false);
  }

  /** Drops all values. */
  discard(): void {
    this.#rows = undefined;
    this.#live.clear();
    this.#bytes = 0;
  }

  #hasRoom(): boolean {
    return this.#live.size < keysMax && this.#bytes < this.#bytesMax;
  }

  #enterMap(key: string): void {
    const fold = this.#newFold?.(key);
    const live = fold === undefined ? new WaitingValues(key) : new LiveValues(key, fold);
    this.#addBytes(entryBytes + 2 * key.length + live.bytes);
    if (this.#live.size === 0) this.#host.divert(true);
    this.#live.set(key, live);
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

  /** Replaces the map by a row table, unless values in the map are no rows of that width. */
  #beginRows(width: number): void {
    this.#mayHaveRows = width >= 0;
    for (const { count, width: itsWidth } of this.#live.values()) {
      if (count > 0 && itsWidth !== width) this.#mayHaveRows = false;
    }
    if (!this.#mayHaveRows) return;
    this.empty();
    const rows = new RowTable(
      {
        keep: (key, value) => this.#keepFolded(key, value),
        fold: (key, values) => this.#results(key, values, width > 0),
      },
      { width, bytesMax: this.#bytesMax, keysMax, keepsFirst: this.#host.hasPartition, hashSeed: this.#hashSeed },
    );
    this.#addBytes(rows.bytes);
    this.#rows = rows;
    this.#host.divert(true);
  }

  /**
   * Counts the pair that `rows.add` added to a part of its log. If it added none, the part is −1: ends the row table and
   * returns false.
   */
  #addRow(rows: RowTable, part: number): boolean {
    if (part < 0) {
      this.#mayHaveRows = false;
      this.empty();
      return false;
    }
    if (rows.isFull(part)) this.#takeIn(rows, part);
    this.#folded += 1;
    return true;
  }

  #takeIn(rows: RowTable, part: number): void {
    this.#host.reserve(rows.bytesToTakeIn(part));
    // A bad partition loses only its own pair.
    if (this.#host.hasPartition) rows.takeIn(part);
    else this.#orGiveUp(() => rows.takeIn(part));
    this.#bytes = rows.bytes;
    // Keys that hardly repeat until the table is full are unlikely to repeat later.
    const isInVain = !rows.isUseful || (rows.misses > 0 && rows.hits < rows.keys / 4);
    if (isInVain) this.#isOpen = false;
    if (isInVain || this.#bytes > this.#bytesMax || rows.misses > missesMax) this.empty();
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
    for (const value of this.#results(key, live.take(), haveArrays)) live.push("combine", value);
    this.#bytes += live.bytes - bytes;
  }

  /** Returns the result of `combine` for values of a key. */
  #results(key: string, values: JsonValue[], haveArrays: boolean): readonly JsonValue[] {
    const combine = () => {
      const result: unknown = this.#combine(key, values);
      const results = typeof result !== "object" ? [result] : combinedValues(key, result, haveArrays);
      return results.map((each) => travelledValue("combine", key, each));
    };
    return this.#orGiveUp(() => this.#host.fold(combine));
  }

  /** Hands the values to the collector. */
  #giveOn(live: WaitingValues | LiveValues): void {
    this.#bytes -= live.bytes;
    this.#orGiveUp(() => {
      for (const value of live.take()) this.#keepFolded(live.key, value);
    });
  }

  /** Hands a value to the collector. */
  #keepFolded(key: string, value: JsonValue): void {
    this.#host.keep(key, value);
    this.#folded -= 1;
  }

  /** Runs an action whose failure loses pairs. */
  #orGiveUp<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      this.#host.giveUp(error);
      throw error;
    }
  }
}
