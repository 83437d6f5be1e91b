import { doubledSlots } from "./hash-slots.js";
import { encodeKey, packKey, wordsOf } from "./key-words.js";
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
const encodedBytesMin = 256;
const countMax = 0x7fff_ffff;
/** What sorting takes for each key. */
const sortBytesPerKey = 8;

/**
 * The distinct keys, each with its partition, its last value, how often that was repeated, and the chain of the values
 * before. A key is a number, the place of its record in the slab; no object is made for one.
 *
 * `find` writes the bytes of a key where the next record would stand (the candidate) and hashes them on the way.
 * `insert` then makes the candidate a record. The hash table is open addressing with linear probing over pairs
 * (hash, record), so a slot that holds another key is passed over without a look into the slab.
 */
export class KeyTable {
  readonly #reserveBytes: number;
  #words: Int32Array = new Int32Array(slabBytesMin / 4);
  #end = firstRecord;
  #slots = new Int32Array(2 * slotsMin);
  /** One less than the number of slots, which is a power of two. */
  #mask = slotsMin - 1;
  #keys = 0;
  /** Of the candidate. */
  #hash = 0;
  #keyBytes = 0;
  #freeSlot = 0;
  #encoded = new Uint8Array(encodedBytesMin);

  /** `reserveBytes` is what the slab may need at most, unless a single key is longer. */
  constructor(reserveBytes: number) {
    this.#reserveBytes = reserveBytes;
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
    return this.#end * 4 + this.#slots.byteLength + this.#keys * sortBytesPerKey;
  }

  /** How much more there will be in use when the candidate is inserted; while the table grows there are two of them. */
  get candidateBytes(): number {
    const record = (headerWords + wordsOf(this.#keyBytes)) * 4 + sortBytesPerKey;
    return record + (this.#isTooSmallFor(this.#keys + 1) ? 2 * this.#slots.byteLength : 0);
  }

  /** The record of a key, 0 when it has none; the key is the candidate then. */
  find(key: string): number {
    const length = key.length;
    // A UTF-16 unit takes at most three bytes, so never more than a word.
    const endMax = this.#end + headerWords + length + 1;
    if (endMax > this.#words.length) this.#words = grownSlab(this.#words, this.#end, endMax, this.#reserveBytes);
    const words = this.#words;
    let to = this.#end + headerWords;
    let hash = 0;
    let units = 0;
    let at = 0;
    for (const wholeEnd = length & ~3; at < wholeEnd; at += 4) {
      const first = key.charCodeAt(at);
      const second = key.charCodeAt(at + 1);
      const third = key.charCodeAt(at + 2);
      const fourth = key.charCodeAt(at + 3);
      units |= first | second | third | fourth;
      const word = (first << 24) | (second << 16) | (third << 8) | fourth;
      words[to++] = word;
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    if (at < length) {
      let word = 0;
      for (let shift = 24; at < length; at++, shift -= 8) {
        const unit = key.charCodeAt(at);
        units |= unit;
        word |= unit << shift;
      }
      words[to] = word;
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return units < 0x80 ? this.#lookUp(hash, length) : this.#findEncoded(key);
  }

  /** Makes the candidate a record with one value. Only after `find` gave 0. */
  insert(partition: number, value: number): void {
    const words = this.#words;
    const record = this.#end;
    words[record] = this.#keyBytes;
    words[record + partitionAt] = partition;
    words[record + valueAt] = value;
    words[record + countAt] = 1;
    words[record + tailAt] = 0;
    this.#end = record + headerWords + wordsOf(this.#keyBytes);
    this.#slots[2 * this.#freeSlot] = this.#hash;
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

  /** Where the words of the key begin; those of the candidate with `candidate` as the record. */
  keyAt(record: number): number {
    return record + headerWords;
  }

  /** Where the candidate would have its record; its key bytes are not in the record yet. */
  get candidate(): number {
    return this.#end;
  }

  get candidateKeyBytes(): number {
    return this.#keyBytes;
  }

  /** Brings records into the processor's cache all at once: one after the other, when needed, takes a third longer. */
  fetch(records: Uint32Array, start: number, end: number): void {
    let sum = 0;
    for (let at = start; at < Math.min(end, records.length); at++)
      sum ^= this.#words[(records[at] ?? 0) + countAt] ?? 0;
    // A loop without a result would be left out by the compiler; word 0 is of no use otherwise.
    this.#words[0] = sum;
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

  #findEncoded(key: string): number {
    if (this.#encoded.length < key.length * 3) this.#encoded = new Uint8Array(key.length * 4);
    const bytes = encodeKey(key, this.#encoded);
    const start = this.#end + headerWords;
    packKey(this.#encoded, bytes, this.#words, start);
    if (this.#encoded.length > slabBytesMin) this.#encoded = new Uint8Array(encodedBytesMin);
    let hash = 0;
    for (let at = start; at < start + wordsOf(bytes); at++) {
      hash = Math.imul(hash ^ (this.#words[at] ?? 0), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return this.#lookUp(hash, bytes);
  }

  #lookUp(wordsHash: number, keyBytes: number): number {
    let hash = Math.imul(wordsHash ^ keyBytes, 0x85ebca6b);
    hash ^= hash >>> 16;
    this.#hash = hash;
    this.#keyBytes = keyBytes;
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const record = slots[2 * slot + 1] ?? 0;
      if (record === 0) {
        this.#freeSlot = slot;
        return 0;
      }
      if (slots[2 * slot] === hash && this.#isCandidate(record, keyBytes)) return record;
    }
  }

  #isCandidate(record: number, keyBytes: number): boolean {
    const words = this.#words;
    if (words[record] !== keyBytes) return false;
    const candidate = this.#end + headerWords;
    for (let at = wordsOf(keyBytes) - 1; at >= 0; at--) {
      if (words[record + headerWords + at] !== words[candidate + at]) return false;
    }
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
