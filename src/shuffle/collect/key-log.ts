import { isUtf8 } from "node:buffer";
import { decodedRange } from "./byte-ranges.js";
import { encodeKey, packKey, paddedWordsOf, shortBytesMax, wordsOf } from "../key-words.js";

/** The layout of an entry, in words; the key's words follow. */
const keyBytesAt = 1;
const valueAt = 2;
export const entryHeaderWords = 3;

const partsMax = 64;
/** When a part would have less room than this, the log gets fewer parts. */
const partBytesMin = 16 * 1024;
const partWordsMin = 64;
/** The room for a longer key is not kept. */
const keyWordsMax = 4 * 1024;

/**
 * Pairs on their way into the key table: the key's hash and words (`key-words.ts`), and the place of the value.
 *
 *     part 0   │ hash keyBytes value key … │ hash keyBytes value key … │
 *     part 1   │ hash keyBytes value key … │
 *
 * The table is larger than the processor's cache, and keys come in random order: a look-up costs more than all other
 * work for a pair. So the log sorts pairs into parts by the first bits of their hashes, and the table takes in one part
 * at a time. Each part has its own small piece of the table, which fits the cache (radix partitioning: Manegold, Boncz
 * and Kersten, "Optimizing main-memory join on modern hardware", 2002).
 *
 * All pairs of a key are in one part, in the order in which they came.
 */
export class KeyLog {
  /** A power of two. */
  readonly parts: number;
  readonly #partWords: number;
  /**
   * Differs from run to run, so that keys that collide in the table do so once, and not in each run of the same job.
   */
  readonly #seed: number;
  readonly #words: Int32Array[];
  readonly #ends: Int32Array;
  /** Where `addBytes` found its last key. */
  #bytes: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #view: DataView = new DataView(this.#bytes.buffer);
  /** The words of the key being added, unless they are written directly to their place. */
  #key = new Int32Array(partWordsMin);

  /** `bytesMax` roughly limits all parts together. */
  constructor(bytesMax: number, seed: number) {
    let parts = 1;
    while (parts < partsMax && parts * 2 * partBytesMin <= bytesMax) parts *= 2;
    this.parts = parts;
    this.#partWords = Math.max(partWordsMin, Math.floor(bytesMax / 4 / parts));
    this.#seed = seed;
    this.#words = Array.from({ length: parts }, () => new Int32Array(0));
    this.#ends = new Int32Array(parts);
  }

  /** The memory in use. */
  get bytes(): number {
    let words = 0;
    for (const end of this.#ends) words += end;
    return words * 4;
  }

  /** Adds a key with its value and returns its part. */
  add(key: string, value: number): number {
    const { length } = key;
    if (length > 4 * this.#key.length) this.#key = new Int32Array(wordsOf(length));
    const words = this.#key;
    let to = 0;
    let hash = this.#seed;
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
      hash = mixed(hash, word);
    }
    if (at < length) {
      let word = 0;
      for (let shift = 24; at < length; at++, shift -= 8) {
        const unit = key.charCodeAt(at);
        units |= unit;
        word |= unit << shift;
      }
      words[to++] = word;
      hash = mixed(hash, word);
    }
    if (units >= 0x80) return this.#addEncoded(key, value);
    for (; to < 2; hash = mixed(hash, 0)) words[to++] = 0;
    return this.#addWords(to, length, hash, value);
  }

  /** Like `add`, for the key in `buffer` from `start` to `end`, in UTF-8; invalid UTF-8 becomes U+FFFD. */
  addBytes(buffer: Uint8Array, start: number, end: number, value: number): number {
    if (buffer !== this.#bytes) this.#lookInto(buffer);
    const view = this.#view;
    const length = end - start;
    const from = this.#offset + start;
    if (length <= shortBytesMax && from + shortBytesMax <= view.byteLength) {
      // Most keys are short. A loop over their bytes would end at an unpredictable place, which is slow.
      const first = view.getInt32(from) & (firstMasks[length] ?? 0);
      const second = view.getInt32(from + 4) & (secondMasks[length] ?? 0);
      if (((first | second) & 0x80808080) === 0 || isUtf8(buffer.subarray(start, end))) {
        const hash = finished(mixed(mixed(this.#seed, first), second), length);
        const part = this.#partOf(hash);
        const at = this.#begin(part, hash, length, value, 2);
        const words = this.#words[part] ?? this.#key;
        words[at] = first;
        words[at + 1] = second;
        return part;
      }
    }
    return this.#addLongBytes(buffer, start, end, value);
  }

  /** Whether the table must take in a part before anything is added to it. */
  isFull(part: number): boolean {
    return (this.#ends[part] ?? 0) > this.#partWords - partWordsMin / 2;
  }

  /** The words of a part, and where its entries end. */
  wordsOf(part: number): Int32Array {
    return this.#words[part] ?? new Int32Array(0);
  }

  endOf(part: number): number {
    return this.#ends[part] ?? 0;
  }

  /** Forgets the entries of a part. Keeps the room, unless a single key needed too much. */
  clear(part: number): void {
    this.#ends[part] = 0;
    if (this.wordsOf(part).length > 2 * this.#partWords) this.#words[part] = new Int32Array(0);
  }

  #addLongBytes(buffer: Uint8Array, start: number, end: number, value: number): number {
    const length = end - start;
    if (paddedWordsOf(length) > this.#key.length) this.#key = new Int32Array(wordsOf(length));
    const words = this.#key;
    const view = this.#view;
    const stop = this.#offset + end;
    let to = 0;
    let hash = this.#seed;
    let bits = 0;
    let at = this.#offset + start;
    for (; at + 4 <= stop; at += 4) {
      const word = view.getInt32(at);
      bits |= word;
      words[to++] = word;
      hash = mixed(hash, word);
    }
    if (at < stop) {
      const word = lastWord(view, at, stop);
      bits |= word;
      words[to++] = word;
      hash = mixed(hash, word);
    }
    if ((bits & 0x80808080) !== 0 && !isUtf8(buffer.subarray(start, end))) {
      return this.#addEncoded(decodedRange(buffer, start, end), value);
    }
    for (; to < 2; hash = mixed(hash, 0)) words[to++] = 0;
    return this.#addWords(to, length, hash, value);
  }

  #addEncoded(key: string, value: number): number {
    const bytes = new Uint8Array(key.length * 3);
    const keyBytes = encodeKey(key, bytes);
    const length = paddedWordsOf(keyBytes);
    if (length > this.#key.length) this.#key = new Int32Array(length);
    this.#key.fill(0, 0, 2);
    packKey(bytes, keyBytes, this.#key, 0);
    let hash = this.#seed;
    for (let at = 0; at < length; at++) hash = mixed(hash, this.#key[at] ?? 0);
    return this.#addWords(length, keyBytes, hash, value);
  }

  /** Adds the key in `#key`. */
  #addWords(length: number, keyBytes: number, wordsHash: number, value: number): number {
    const hash = finished(wordsHash, keyBytes);
    const part = this.#partOf(hash);
    let to = this.#begin(part, hash, keyBytes, value, length);
    const words = this.wordsOf(part);
    const key = this.#key;
    for (let at = 0; at < length; at++) words[to++] = key[at] ?? 0;
    if (key.length > keyWordsMax) this.#key = new Int32Array(partWordsMin);
    return part;
  }

  #partOf(hash: number): number {
    return (hash >>> 26) & (this.parts - 1);
  }

  /** Begins an entry and returns where to write its key. */
  #begin(part: number, hash: number, keyBytes: number, value: number, keyWords: number): number {
    const at = this.#ends[part] ?? 0;
    const key = at + entryHeaderWords;
    if (key + keyWords > this.wordsOf(part).length) this.#grow(part, key + keyWords);
    const words = this.wordsOf(part);
    words[at] = hash;
    words[at + keyBytesAt] = keyBytes;
    words[at + valueAt] = value;
    this.#ends[part] = key + keyWords;
    return key;
  }

  #grow(part: number, words: number): void {
    const old = this.wordsOf(part);
    const grown = new Int32Array(Math.max(words, Math.min(this.#partWords, Math.max(partWordsMin, old.length * 4))));
    grown.set(old.subarray(0, this.#ends[part]));
    this.#words[part] = grown;
  }

  #lookInto(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#offset = bytes.byteOffset;
    // An app may pass a new view of the same buffer for each key.
    if (this.#view.buffer !== bytes.buffer) this.#view = new DataView(bytes.buffer);
  }
}

/** The key's hash in the entry at `at`. */
export function hashOf(words: Int32Array, at: number): number {
  return words[at] ?? 0;
}

/** The key's length in bytes. */
export function keyBytesOf(words: Int32Array, at: number): number {
  return words[at + keyBytesAt] ?? 0;
}

/** The place of the value. */
export function valueOf(words: Int32Array, at: number): number {
  return words[at + valueAt] ?? 0;
}

/** For each length of a short key, which bits of the first and second word belong to the key. */
const firstMasks = Int32Array.of(0, -1 << 24, -1 << 16, -1 << 8, -1, -1, -1, -1, -1);
const secondMasks = Int32Array.of(0, 0, 0, 0, 0, -1 << 24, -1 << 16, -1 << 8, -1);

function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

function finished(hash: number, keyBytes: number): number {
  const product = Math.imul(hash ^ keyBytes, 0x85ebca6b);
  return product ^ (product >>> 16);
}

/** The last bytes of a key, fewer than four, as a word. */
function lastWord(view: DataView, at: number, end: number): number {
  if (at + 4 <= view.byteLength) return view.getInt32(at) & (-1 << (8 * (4 + at - end)));
  let word = 0;
  for (let shift = 24, from = at; from < end; from++, shift -= 8) word |= view.getUint8(from) << shift;
  return word;
}
