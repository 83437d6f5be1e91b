import { readSync } from "node:fs";
import { compareKeyWords, wordsOf } from "../key-words.js";

/**
 * Reads a run (see `RunWriter`) from front to back: `nextKey`, then `nextValue` until it returns false, and so on.
 * Holds one block, and more only for a longer key or value.
 */
export class RunReader {
  /** The run's position among the merged runs: values of an earlier run come first. */
  readonly index: number;
  readonly #descriptor: number;
  readonly #blockWords: number;
  #words: Int32Array;
  #bytes: Uint8Array;
  /** Where the next word is in the block, and where the filled part ends. */
  #at = 0;
  #filled = 0;
  /** The current key's partition. */
  partition = 0;
  keyBytes = 0;
  keyAt = 0;
  /** The current value's repeat count, and the range of its text in `textBytes`. */
  count = 0;
  textStart = 0;
  textEnd = 0;

  constructor(descriptor: number, index: number, blockBytes: number) {
    this.#descriptor = descriptor;
    this.index = index;
    this.#blockWords = Math.ceil(blockBytes / 4);
    this.#words = new Int32Array(this.#blockWords);
    this.#bytes = new Uint8Array(this.#words.buffer);
  }

  /** Holds the current key until `nextValue` is called. */
  get words(): Int32Array {
    return this.#words;
  }

  /** Holds the text of the current value until the next call. */
  get textBytes(): Uint8Array {
    return this.#bytes;
  }

  /** Advances to the next key after all values of the current one were taken. False at the end of the run. */
  nextKey(): boolean {
    if (!this.#have(2)) return false;
    this.partition = this.#words[this.#at++] ?? 0;
    this.keyBytes = this.#words[this.#at++] ?? 0;
    const words = wordsOf(this.keyBytes);
    this.#need(words);
    this.keyAt = this.#at;
    this.#at += words;
    return true;
  }

  /** Advances to the key's next value; false after the last one. */
  nextValue(): boolean {
    this.#need(1);
    this.count = this.#words[this.#at++] ?? 0;
    if (this.count === 0) return false;
    this.#need(1);
    const textBytes = this.#words[this.#at++] ?? 0;
    const words = wordsOf(textBytes);
    this.#need(words);
    this.textStart = this.#at * 4;
    this.textEnd = this.textStart + textBytes;
    this.#at += words;
    return true;
  }

  /** Negative when the current key comes before the other's, 0 when both are the same. */
  compare(other: RunReader): number {
    if (this.partition !== other.partition) return this.partition - other.partition;
    return compareKeyWords(this.#words, this.keyAt, this.keyBytes, other.#words, other.keyAt, other.keyBytes);
  }

  /** Whether the current key equals this one, in `words` from 0 on. */
  isAt(partition: number, words: Int32Array, keyBytes: number): boolean {
    if (this.partition !== partition || this.keyBytes !== keyBytes) return false;
    return compareKeyWords(this.#words, this.keyAt, keyBytes, words, 0, keyBytes) === 0;
  }

  #need(words: number): void {
    if (!this.#have(words)) throw new Error("a spilled run is shorter than it was written");
  }

  /** Whether the block has that many words, after reading more if necessary. */
  #have(words: number): boolean {
    if (this.#filled - this.#at >= words) return true;
    this.#words.copyWithin(0, this.#at, this.#filled);
    this.#filled -= this.#at;
    this.#at = 0;
    this.#fit(Math.max(words, this.#blockWords));
    let filledBytes = this.#filled * 4;
    while (filledBytes < words * 4) {
      const bytes = readSync(this.#descriptor, this.#bytes, filledBytes, this.#bytes.length - filledBytes, null);
      if (bytes === 0) break;
      filledBytes += bytes;
    }
    // A read may end within a word: the rest of the word is fetched at once.
    while (filledBytes % 4 !== 0) {
      const bytes = readSync(this.#descriptor, this.#bytes, filledBytes, 4 - (filledBytes % 4), null);
      if (bytes === 0) break;
      filledBytes += bytes;
    }
    this.#filled = filledBytes >>> 2;
    return this.#filled >= words;
  }

  /** Lengthens the block as needed, and shortens it again when possible. */
  #fit(words: number): void {
    if (this.#words.length === words) return;
    const block = new Int32Array(words);
    block.set(this.#words.subarray(0, this.#filled));
    this.#words = block;
    this.#bytes = new Uint8Array(block.buffer);
  }
}
