import type { Combine } from "../../app/combine.js";
import type { JsonValue } from "../../app/contract.js";
import { FoldedValues } from "../folded-values.js";
import { keyString } from "../key-words.js";
import type { SortedSink } from "./sorted-sink.js";

/**
 * Folds the values of each key into one with the app's `combine`, and hands that on. A value that comes alone is left as it
 * is, however often it repeats: with its count it is as short as a result could be, and folding a million ones into one
 * takes a million values.
 */
export class CombiningSink implements SortedSink {
  readonly #sink: SortedSink;
  readonly #combine: Combine;
  #words: Int32Array = new Int32Array(0);
  #wordAt = 0;
  #keyBytes = 0;
  /** The only value so far, and how often it repeats; −1 bytes when there is none. */
  #only = Buffer.allocUnsafeSlow(256);
  #onlyBytes = -1;
  #onlyCount = 0;
  /** Two values or more. */
  #folded: FoldedValues | undefined;

  constructor(sink: SortedSink, combine: Combine) {
    this.#sink = sink;
    this.#combine = combine;
  }

  beginKey(partition: number, words: Int32Array, wordAt: number, keyBytes: number): void {
    this.#sink.beginKey(partition, words, wordAt, keyBytes);
    this.#words = words;
    this.#wordAt = wordAt;
    this.#keyBytes = keyBytes;
    this.#onlyBytes = -1;
    this.#folded = undefined;
  }

  value(bytes: Uint8Array, start: number, end: number, count: number): void {
    if (this.#folded === undefined) {
      if (this.#onlyBytes < 0) {
        this.#hold(bytes, start, end, count);
        return;
      }
      if (this.#isOnly(bytes, start, end)) {
        this.#onlyCount += count;
        return;
      }
      this.#folded = new FoldedValues(keyString(this.#words, this.#wordAt, this.#keyBytes), this.#combine);
      take(this.#folded, this.#only.toString("utf8", 0, this.#onlyBytes), this.#onlyCount);
    }
    take(this.#folded, Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8"), count);
  }

  endKey(): void {
    if (this.#folded === undefined) {
      this.#sink.value(this.#only, 0, this.#onlyBytes, this.#onlyCount);
    } else {
      const result = Buffer.from(this.#folded.fold());
      this.#sink.value(result, 0, result.length, 1);
    }
    this.#sink.endKey();
  }

  #hold(bytes: Uint8Array, start: number, end: number, count: number): void {
    if (this.#only.length < end - start) this.#only = Buffer.allocUnsafeSlow(end - start);
    for (let at = start; at < end; at++) this.#only[at - start] = bytes[at] ?? 0;
    this.#onlyBytes = end - start;
    this.#onlyCount = count;
  }

  #isOnly(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start !== this.#onlyBytes) return false;
    for (let at = start; at < end; at++) if (bytes[at] !== this.#only[at - start]) return false;
    return true;
  }
}

function take(folded: FoldedValues, text: string, count: number): void {
  folded.add(JSON.parse(text) as JsonValue, text.length, count);
}
