import { readSync } from "node:fs";
import { compareKeyWords, wordsOf } from "../key-words.js";

/**
 * Reads a run (see `RunWriter`) from front to back: `nextKey`, then `nextValue` until it gives false, and so on.
 * Holds one block, and more only for a key or value that is longer.
 */
export class RunReader {
  /** The place of the run among those it is merged with: values of an earlier run come first. */
  readonly index: number;
  readonly #descriptor: number;
  readonly #blockWords: number;
  #words: Int32Array;
  #bytes: Uint8Array;
  /** Where in the block the next word is, and where the words that were read end. */
  #at = 0;
  #filled = 0;
  /** Of the current key. */
  partition = 0;
  keyBytes = 0;
  keyAt = 0;
  /** Of the current value: how often it repeats, and where its text lies in `textBytes`. */
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

  /** What holds the current key, until `nextValue` is called. */
  get words(): Int32Array {
    return this.#words;
  }

  /** What holds the text of the current value, until the next call. */
  get textBytes(): Uint8Array {
    return this.#bytes;
  }

  /** Goes on to the next key. All values of the current one have been taken. False at the end of the run. */
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

  /** Goes on to the next value of the key; false when there is none. */
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

  /** Whether the current key is this one, in `words` from 0 on. */
  isAt(partition: number, words: Int32Array, keyBytes: number): boolean {
    if (this.partition !== partition || this.keyBytes !== keyBytes) return false;
    return compareKeyWords(this.#words, this.keyAt, keyBytes, words, 0, keyBytes) === 0;
  }

  #need(words: number): void {
    if (!this.#have(words)) throw new Error("a spilled run is shorter than it was written");
  }

  /** Whether that many words are in the block; reads on when they are not. */
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
    // A read may end within a word: what is missing of it is fetched at once.
    while (filledBytes % 4 !== 0) {
      const bytes = readSync(this.#descriptor, this.#bytes, filledBytes, 4 - (filledBytes % 4), null);
      if (bytes === 0) break;
      filledBytes += bytes;
    }
    this.#filled = filledBytes >>> 2;
    return this.#filled >= words;
  }

  /** Makes the block as long as it has to be, and as short again as it may be. */
  #fit(words: number): void {
    if (this.#words.length === words) return;
    const block = new Int32Array(words);
    block.set(this.#words.subarray(0, this.#filled));
    this.#words = block;
    this.#bytes = new Uint8Array(block.buffer);
  }
}
