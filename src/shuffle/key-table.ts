import { doubledSlots } from "./hash-slots.js";
import type { KeyBatch } from "./key-batch.js";
import { wordsOf } from "./key-words.js";
import { grownSlab, slabBytesMin } from "./slab.js";

/** Where a record has what, in words. */
const partitionAt = 1;
const valueAt = 2;
const countAt = 3;
const tailAt = 4;
const headerWords = 5;

/** Word 0 belongs to no record, so that 0 means "none". */
const firstRecord = 1;
const slotsMin = 1024;
const countMax = 0x7fff_ffff;

/**
 * The distinct keys, each with its partition, its last value, how often that was repeated, and the chain of the values
 * before. A key is a number, the place of its record in the slab; no object is made for one.
 *
 * The hash table is open addressing with linear probing over pairs (hash, record), so a slot that holds another key is
 * passed over without a look into the slab.
 */
export class KeyTable {
  readonly #reserveBytes: number;
  readonly #sortBytesPerKey: number;
  #words: Int32Array = new Int32Array(slabBytesMin / 4);
  #end = firstRecord;
  #slots = new Int32Array(2 * slotsMin);
  /** One less than the number of slots, which is a power of two. */
  #mask = slotsMin - 1;
  #keys = 0;
  /** Where the last key that was not found belongs. */
  #freeSlot = 0;

  /**
   * `reserveBytes` is what the slab may need at most, unless a single key is longer; `sortBytesPerKey` what sorting will
   * take for each key.
   */
  constructor(reserveBytes: number, sortBytesPerKey: number) {
    this.#reserveBytes = reserveBytes;
    this.#sortBytesPerKey = sortBytesPerKey;
  }

  /** Number of distinct keys. */
  get keys(): number {
    return this.#keys;
  }

  /** The slab: records and the keys' words in them. */
  get words(): Int32Array {
    return this.#words;
  }

  /** Memory in use, with what sorting will take. */
  get bytes(): number {
    return this.#end * 4 + this.#slots.byteLength + this.#keys * this.#sortBytesPerKey;
  }

  /** How much more there will be in use with one more key of that length; while the table grows there are two of them. */
  bytesOfOneMore(keyBytes: number): number {
    const record = (headerWords + wordsOf(keyBytes)) * 4 + this.#sortBytesPerKey;
    return record + (this.#isTooSmallFor(this.#keys + 1) ? 2 * this.#slots.byteLength : 0);
  }

  /**
   * Brings the slots and records of a batch of keys into the processor's cache: one after the other, when each is needed,
   * takes half as long again, since slab and table are larger than the cache (group prefetching: Chen et al., "Improving
   * hash join performance through prefetching", 2004).
   */
  fetch({ hashes, count }: KeyBatch): void {
    const slots = this.#slots;
    const mask = this.#mask;
    const words = this.#words;
    const records = fetchedRecords;
    for (let at = 0; at < count; at++) records[at] = slots[2 * ((hashes[at] ?? 0) & mask) + 1] ?? 0;
    let sum = 0;
    for (let at = 0; at < count; at++) sum ^= words[records[at] ?? 0] ?? 0;
    // A loop without a result would be left out by the compiler; word 0 is of no use otherwise.
    words[0] = sum;
  }

  /** The record of key `at` of the batch, 0 when it has none. */
  find(batch: KeyBatch, at: number): number {
    const hash = batch.hashes[at] ?? 0;
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const record = slots[2 * slot + 1] ?? 0;
      if (record === 0) {
        this.#freeSlot = slot;
        return 0;
      }
      if (slots[2 * slot] === hash && this.#isKeyOf(record, batch, at)) return record;
    }
  }

  /** Makes a record with one value for key `at` of the batch. Only after `find` gave 0 for it. */
  insert(batch: KeyBatch, at: number, partition: number, value: number): void {
    const keyBytes = batch.keyBytes[at] ?? 0;
    const record = this.#end;
    const end = record + headerWords + wordsOf(keyBytes);
    if (end > this.#words.length) this.#words = grownSlab(this.#words, record, end, this.#reserveBytes);
    const words = this.#words;
    words[record] = keyBytes;
    words[record + partitionAt] = partition;
    words[record + valueAt] = value;
    words[record + countAt] = 1;
    words[record + tailAt] = 0;
    const from = batch.words;
    let key = batch.starts[at] ?? 0;
    for (let to = record + headerWords; to < end; to++) words[to] = from[key++] ?? 0;
    this.#end = end;
    this.#slots[2 * this.#freeSlot] = batch.hashes[at] ?? 0;
    this.#slots[2 * this.#freeSlot + 1] = record;
    this.#keys++;
    if (this.#isTooSmallFor(this.#keys)) this.#growTable();
  }

  /** Counts the value once more if it is the last of the record. */
  countRepeated(record: number, value: number): boolean {
    const words = this.#words;
    const count = words[record + countAt] ?? 0;
    if (words[record + valueAt] !== value || count === countMax) return false;
    words[record + countAt] = count + 1;
    return true;
  }

  /** Sets the last value, which is there once, and the chain of those before. */
  setValue(record: number, value: number, tail: number): void {
    this.#words[record + valueAt] = value;
    this.#words[record + countAt] = 1;
    this.#words[record + tailAt] = tail;
  }

  /** The last value of a record. */
  valueOf(record: number): number {
    return this.#words[record + valueAt] ?? 0;
  }

  /** How often it was repeated. */
  countOf(record: number): number {
    return this.#words[record + countAt] ?? 0;
  }

  /** The chain of the values before, 0 when there are none. */
  tailOf(record: number): number {
    return this.#words[record + tailAt] ?? 0;
  }

  partitionOf(record: number): number {
    return this.#words[record + partitionAt] ?? 0;
  }

  keyBytesOf(record: number): number {
    return this.#words[record] ?? 0;
  }

  /** Where the words of the key begin. */
  keyAt(record: number): number {
    return record + headerWords;
  }

  /** Fetches the next records from `start` on, as `fetch` does, and gives their last values: as many as there is room for. */
  fetchValues(records: Uint32Array, start: number, values: Int32Array): void {
    const words = this.#words;
    const count = Math.min(values.length, records.length - start);
    for (let at = 0; at < count; at++) values[at] = words[(records[start + at] ?? 0) + valueAt] ?? 0;
  }

  /** The records in the order in which they were inserted: the first, then the one after each, 0 after the last. */
  recordAfter(record: number): number {
    const next = record === 0 ? firstRecord : record + headerWords + wordsOf(this.#words[record] ?? 0);
    return next < this.#end ? next : 0;
  }

  /** Forgets all keys. Keeps the room, unless a single key needed more than the reserve. */
  clear(): void {
    if (this.#words.byteLength > Math.max(this.#reserveBytes, slabBytesMin)) {
      this.#words = new Int32Array(slabBytesMin / 4);
    }
    this.#slots.fill(0);
    this.#end = firstRecord;
    this.#keys = 0;
  }

  #isKeyOf(record: number, batch: KeyBatch, at: number): boolean {
    const words = this.#words;
    const keyBytes = batch.keyBytes[at] ?? 0;
    if (words[record] !== keyBytes) return false;
    const other = batch.words;
    let from = batch.starts[at] ?? 0;
    const end = record + headerWords + wordsOf(keyBytes);
    for (let word = record + headerWords; word < end; word++) if (words[word] !== other[from++]) return false;
    return true;
  }

  /** Whether so many keys are too many for the table: it is never more than five eighths full. */
  #isTooSmallFor(keys: number): boolean {
    return keys * 8 > (this.#mask + 1) * 5;
  }

  #growTable(): void {
    this.#slots = doubledSlots(this.#slots);
    this.#mask = this.#mask * 2 + 1;
  }
}

/** Of `fetch`. */
const fetchedRecords = new Int32Array(64);
