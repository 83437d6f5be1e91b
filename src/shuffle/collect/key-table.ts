import { doubledSlots } from "./hash-slots.js";
import { entryHeaderWords, hashOf, keyBytesOf } from "./key-log.js";
import { paddedWordsOf, shortBytesMax } from "../key-words.js";
import { grownSlab, slabBytesMin } from "./slab.js";

/** The layout of a record, in words. */
const partitionAt = 1;
const valueAt = 2;
const countAt = 3;
const tailAt = 4;
const headerWords = 5;

/** Word 0 belongs to no record, so that 0 means "none". */
const firstRecord = 1;
const slotsMin = 64;
const countMax = 0x7fff_ffff;

/**
 * The distinct keys, each with its partition, its last value, that value's repeat count, and the chain of earlier
 * values. A key is a number, the place of its record in the slab; it has no object.
 *
 * The hash table has the same parts as the key log and looks up one log entry at a time. Each part uses open addressing
 * with linear probing over pairs (hash, record), so it skips a slot of another key without reading the slab.
 */
export class KeyTable {
  readonly #reserveBytes: number;
  readonly #sortBytesPerKey: number;
  #words: Int32Array = new Int32Array(slabBytesMin / 4);
  #end = firstRecord;
  readonly #parts: Int32Array[];
  readonly #keysOfParts: Int32Array;
  #slotBytes: number;
  #keys = 0;
  /** The part in use, and its slots. */
  #part = 0;
  #slots: Int32Array;
  /** The slot in that part for the last key that was not found. */
  #freeSlot = 0;

  /**
   * `reserveBytes` is what the slab may need at most, unless a single key is longer; `sortBytesPerKey` is the memory
   * that sorting will need per key.
   */
  constructor(parts: number, reserveBytes: number, sortBytesPerKey: number) {
    this.#reserveBytes = reserveBytes;
    this.#sortBytesPerKey = sortBytesPerKey;
    this.#parts = Array.from({ length: parts }, () => new Int32Array(2 * slotsMin));
    this.#keysOfParts = new Int32Array(parts);
    this.#slots = this.#parts[0] ?? new Int32Array(0);
    this.#slotBytes = parts * this.#slots.byteLength;
  }

  /** How many distinct keys there are. */
  get keys(): number {
    return this.#keys;
  }

  /** How many keys the selected part has. */
  get keysOfPart(): number {
    return this.#keysOfParts[this.#part] ?? 0;
  }

  /** The slab: records, including the words of their keys. */
  get words(): Int32Array {
    return this.#words;
  }

  /** The memory in use, including what sorting will need. */
  get bytes(): number {
    return this.#end * 4 + this.#slotBytes + this.#keys * this.#sortBytesPerKey;
  }

  /** Selects the part of the log whose keys are looked up from now on. */
  usePart(part: number): void {
    this.#part = part;
    this.#slots = this.#parts[part] ?? this.#slots;
  }

  /** The record for the key of the log entry at `at` in `entries`; 0 if the key is new. */
  find(entries: Int32Array, at: number): number {
    const hash = hashOf(entries, at);
    const slots = this.#slots;
    const mask = (slots.length >>> 1) - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const record = slots[2 * slot + 1] ?? 0;
      if (record === 0) {
        this.#freeSlot = slot;
        return 0;
      }
      if (slots[2 * slot] === hash && this.#isKeyOf(record, entries, at)) return record;
    }
  }

  /** Makes a record with one value for the key of an entry, and returns it. Only after `find` returned 0 for it. */
  insert(entries: Int32Array, at: number, partition: number, value: number): number {
    const keyBytes = keyBytesOf(entries, at);
    const record = this.#end;
    const end = record + headerWords + paddedWordsOf(keyBytes);
    if (end > this.#words.length) this.#words = grownSlab(this.#words, record, end, this.#reserveBytes);
    const words = this.#words;
    words[record] = keyBytes;
    words[record + partitionAt] = partition;
    words[record + valueAt] = value;
    words[record + countAt] = 1;
    words[record + tailAt] = 0;
    let key = at + entryHeaderWords;
    for (let to = record + headerWords; to < end; to++) words[to] = entries[key++] ?? 0;
    this.#end = end;
    this.#slots[2 * this.#freeSlot] = hashOf(entries, at);
    this.#slots[2 * this.#freeSlot + 1] = record;
    this.#keys++;
    const keys = (this.#keysOfParts[this.#part] ?? 0) + 1;
    this.#keysOfParts[this.#part] = keys;
    // At most five eighths of it are in use.
    if (keys * 16 > this.#slots.length * 5) this.#growPart();
    return record;
  }

  /** Counts the value once more if it is the record's last value. */
  countRepeated(record: number, value: number): boolean {
    const words = this.#words;
    const count = words[record + countAt] ?? 0;
    if (words[record + valueAt] !== value || count === countMax) return false;
    words[record + countAt] = count + 1;
    return true;
  }

  /** Sets the last value, its repeat count, and the chain of earlier values. */
  setValue(record: number, value: number, count: number, tail: number): void {
    this.#words[record + valueAt] = value;
    this.#words[record + countAt] = count;
    this.#words[record + tailAt] = tail;
  }

  /** The last value of a record. */
  valueOf(record: number): number {
    return this.#words[record + valueAt] ?? 0;
  }

  /** How often the last value was repeated. */
  countOf(record: number): number {
    return this.#words[record + countAt] ?? 0;
  }

  /** The chain of earlier values, or 0. */
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

  /**
   * Fills `values` with the last values of the records from `start` on. This brings the records into the processor's
   * cache all at once. Fetching each when it is needed takes longer, since they lie in random places (group
   * prefetching: Chen et al., "Improving hash join performance through prefetching", 2004).
   */
  fetchValues(records: Uint32Array, start: number, values: Int32Array): void {
    const words = this.#words;
    const count = Math.min(values.length, records.length - start);
    for (let at = 0; at < count; at++) values[at] = words[(records[start + at] ?? 0) + valueAt] ?? 0;
  }

  /** Walks the records in insertion order: returns the first, then the one after each, 0 after the last. */
  recordAfter(record: number): number {
    const next = record === 0 ? firstRecord : record + headerWords + paddedWordsOf(this.#words[record] ?? 0);
    return next < this.#end ? next : 0;
  }

  /** Forgets all keys. Keeps the room, unless a single key needed more than the reserve. */
  clear(): void {
    if (this.#words.byteLength > Math.max(this.#reserveBytes, slabBytesMin)) {
      this.#words = new Int32Array(slabBytesMin / 4);
    }
    for (const slots of this.#parts) slots.fill(0);
    this.#keysOfParts.fill(0);
    this.#end = firstRecord;
    this.#keys = 0;
  }

  #isKeyOf(record: number, entries: Int32Array, at: number): boolean {
    const words = this.#words;
    const keyBytes = keyBytesOf(entries, at);
    if (words[record] !== keyBytes) return false;
    const key = record + headerWords;
    const other = at + entryHeaderWords;
    if (keyBytes <= shortBytesMax) return words[key] === entries[other] && words[key + 1] === entries[other + 1];
    for (let word = paddedWordsOf(keyBytes) - 1; word >= 0; word--) {
      if (words[key + word] !== entries[other + word]) return false;
    }
    return true;
  }

  #growPart(): void {
    this.#slots = doubledSlots(this.#slots);
    this.#slotBytes += this.#slots.byteLength / 2;
    this.#parts[this.#part] = this.#slots;
  }
}
