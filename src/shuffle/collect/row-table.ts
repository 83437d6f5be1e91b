import type { JsonValue } from "../../app/contract.js";
import { keyString, paddedWordsOf } from "../key-words.js";
import { entryHeaderWords, keyBytesOf } from "./key-log.js";
import { KeyTable } from "./key-table.js";
import { RowBlocks } from "./row-blocks.js";
import { readRow, RowLog } from "./row-log.js";

/** How many values of a key are folded at a time. */
const rowsMax = 32;
/** The share of the table's memory that the log takes. */
const logShare = 1 / 4;
/** The most memory that a new key may take besides its words and its first block. */
const keyBytesMax = 64;

/** Receives the values that leave the table. */
export interface RowTableOwner {
  /** Takes a pair itself. */
  keep(key: string, value: JsonValue): void;
  /** Returns the result of `combine` for values of a key. */
  fold(key: string, values: JsonValue[]): readonly JsonValue[];
}

export interface RowTableOptions {
  /** The length of each array, 0 for plain numbers. */
  readonly width: number;
  /** The memory at which the table accepts no more keys. */
  readonly bytesMax: number;
  /** The number of keys at which it accepts no more. */
  readonly keysMax: number;
  /** Whether the owner must keep the first value of a key within the call that adds it. */
  readonly keepsFirst: boolean;
  readonly hashSeed: number;
}

/**
 * The values of many keys that wait to be folded, as long as all values are numbers, or all are arrays of numbers of
 * one length. No key and no value is a JavaScript object until it leaves the table:
 *
 *     log      │ hash keyBytes · t h e 0 │ …   and   │ 1.5 7 │ …       pairs, in parts by the hash (`row-log.ts`)
 *     table    │ hash record │ …                                       in the same parts (`key-table.ts`)
 *     keys     │ keyBytes · last count first │ t h e 0 │ …             one record per key
 *     blocks   │ next │ 1.5 7 │ 2 9 │ …                                the rows of a key (`row-blocks.ts`)
 *
 * A pair first enters the log. When a part of the log is full, the table takes in its pairs, so that the processor's
 * cache holds the data they look up. When a key has enough rows, they are folded into one.
 */
export class RowTable {
  readonly #owner: RowTableOwner;
  readonly #options: RowTableOptions;
  readonly #logBytes: number;
  readonly #log: RowLog;
  /** The row of a folded value. */
  readonly #row: Float64Array;
  readonly #keys: KeyTable;
  readonly #blocks: RowBlocks;
  /** Pairs that found their key, and pairs for whose key there was no room, since the table was last empty. */
  hits = 0;
  misses = 0;
  /** Whether folding yields rows, and fewer than it takes. */
  isUseful = true;

  constructor(owner: RowTableOwner, options: RowTableOptions) {
    const { width, bytesMax, hashSeed } = options;
    this.#owner = owner;
    this.#options = options;
    this.#logBytes = Math.floor(bytesMax * logShare);
    this.#log = new RowLog(width, this.#logBytes, hashSeed);
    this.#row = new Float64Array(this.#log.rowNumbers);
    this.#keys = new KeyTable(this.#log.keys.parts, bytesMax, 0);
    this.#blocks = new RowBlocks(width, bytesMax);
  }

  /** The memory in use, or set aside for the log. */
  get bytes(): number {
    return this.#logBytes + this.#keys.bytes + this.#blocks.bytes;
  }

  /** How many keys have a place. */
  get keys(): number {
    return this.#keys.keys;
  }

  /** Adds a pair to the log. Returns its part; −1 if the value is no row of this table. */
  add(key: string, value: unknown): number {
    return this.#log.add(key, value);
  }

  /** Like `add`, for the key in `buffer` from `start` to `end`, in UTF-8; invalid UTF-8 becomes U+FFFD. */
  addBytes(buffer: Uint8Array, start: number, end: number, value: unknown): number {
    return this.#log.addBytes(buffer, start, end, value);
  }

  /** Whether the table must take in a part of the log before anything is added to it. */
  isFull(part: number): boolean {
    return this.#options.keepsFirst || this.#log.isFull(part);
  }

  /** The most memory that `takeIn` may add. */
  bytesToTakeIn(part: number): number {
    return 4 * this.#log.keys.endOf(part) + this.#log.pairsOf(part) * (keyBytesMax + this.#blocks.blockBytes);
  }

  /** Moves the pairs of a part of the log into the table. */
  takeIn(part: number): void {
    const entries = this.#log.keys.wordsOf(part);
    const end = this.#log.keys.endOf(part);
    const rows = this.#log.rowsOf(part);
    const { rowNumbers } = this.#log;
    const keys = this.#keys;
    keys.usePart(part);
    try {
      for (let at = 0, row = 0; at < end; row += rowNumbers) {
        const record = keys.find(entries, at);
        if (record === 0) this.#addNew(entries, at, rows, row);
        else this.#addKnown(record, rows, row);
        at += entryHeaderWords + paddedWordsOf(keyBytesOf(entries, at));
      }
    } finally {
      this.#log.clear(part, keys.keysOfPart);
    }
  }

  /** Folds the values of each key, gives the results to the owner, and forgets them. */
  empty(): void {
    for (let part = 0; part < this.#log.keys.parts; part++) this.takeIn(part);
    const keys = this.#keys;
    for (let record = keys.recordAfter(0); record !== 0; record = keys.recordAfter(record)) {
      const count = keys.countOf(record);
      if (count === 0) continue;
      const key = this.#keyOf(record);
      const values = this.#take(record);
      for (const value of count > 1 ? this.#owner.fold(key, values) : values) this.#owner.keep(key, value);
    }
    keys.clear();
    this.#blocks.clear();
    this.hits = 0;
    this.misses = 0;
  }

  #addNew(entries: Int32Array, at: number, rows: Float64Array, row: number): void {
    const { keysMax, bytesMax, keepsFirst } = this.#options;
    const hasRoom = this.#keys.keys < keysMax && this.bytes < bytesMax;
    if (!hasRoom) this.misses += 1;
    const isKept = keepsFirst || !hasRoom;
    if (isKept) {
      const key = keyString(entries, at + entryHeaderWords, keyBytesOf(entries, at));
      this.#owner.keep(key, this.#blocks.valueAt(rows, row));
    }
    if (!hasRoom) return;
    const record = this.#keys.insert(entries, at, 0, 0);
    this.#keys.setValue(record, 0, 0, 0);
    if (!isKept) this.#append(record, rows, row);
  }

  #addKnown(record: number, rows: Float64Array, row: number): void {
    this.hits += 1;
    if (this.#append(record, rows, row) === rowsMax) this.#fold(record);
  }

  /** Returns how many rows the key has now. */
  #append(record: number, rows: Float64Array, row: number): number {
    const keys = this.#keys;
    const count = keys.countOf(record);
    const last = this.#blocks.append(keys.valueOf(record), count, rows, row);
    keys.setValue(record, last, count + 1, count === 0 ? last : keys.tailOf(record));
    return count + 1;
  }

  #fold(record: number): void {
    const key = this.#keyOf(record);
    const results = this.#owner.fold(key, this.#take(record));
    // A `combine` that joins its values would keep reading and writing an ever longer result.
    const { width } = this.#options;
    const row = this.#row;
    this.isUseful &&= results.length <= rowsMax / 2 && results.every((result) => readRow(result, width, row));
    for (const result of results) {
      if (!this.isUseful) this.#owner.keep(key, result);
      else if (readRow(result, width, row)) this.#append(record, row, 0);
    }
  }

  /** Removes the values of a key, and returns them. */
  #take(record: number): JsonValue[] {
    const keys = this.#keys;
    const values = this.#blocks.take(keys.tailOf(record), keys.valueOf(record), keys.countOf(record));
    keys.setValue(record, 0, 0, 0);
    return values;
  }

  #keyOf(record: number): string {
    const keys = this.#keys;
    return keyString(keys.words, keys.keyAt(record), keys.keyBytesOf(record));
  }
}
