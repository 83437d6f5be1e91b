import type { JsonValue } from "../app/contract.js";
import { jsonText } from "../app/given.js";
import { keyString } from "./key-words.js";
import { repeated } from "./repeated-values.js";
import type { SortedSink } from "./sorted-sink.js";

/** How much `combine` is given in one call; of a key with more, the result so far is the first value of the next call. */
const batchValuesMax = 64 * 1024;
const batchCharactersMax = 16 * 1024 * 1024;

/**
 * Folds the values of each key into one with the app's `combine`, and hands that on. A value that comes alone is left as it
 * is, however often it repeats: with its count it is as short as a result could be, and folding a million ones into one
 * takes a million values.
 */
export class CombiningSink implements SortedSink {
  readonly #sink: SortedSink;
  readonly #combine: (key: string, values: JsonValue[]) => JsonValue;
  #words: Int32Array = new Int32Array(0);
  #wordAt = 0;
  #keyBytes = 0;
  /** The key as a string, once it is needed. */
  #key: string | undefined;
  /** The only value so far, and how often it repeats; −1 bytes when there is none. */
  #only = Buffer.allocUnsafeSlow(256);
  #onlyBytes = -1;
  #onlyCount = 0;
  /** Two values or more, or the result so far. */
  #values: JsonValue[] = [];
  #characters = 0;
  #resultText = "";

  constructor(sink: SortedSink, combine: (key: string, values: JsonValue[]) => JsonValue) {
    this.#sink = sink;
    this.#combine = combine;
  }

  beginKey(partition: number, words: Int32Array, wordAt: number, keyBytes: number): void {
    this.#sink.beginKey(partition, words, wordAt, keyBytes);
    this.#words = words;
    this.#wordAt = wordAt;
    this.#keyBytes = keyBytes;
    this.#key = undefined;
    this.#onlyBytes = -1;
    this.#values = [];
    this.#characters = 0;
  }

  value(bytes: Uint8Array, start: number, end: number, count: number): void {
    if (this.#values.length === 0) {
      if (this.#onlyBytes < 0) {
        this.#hold(bytes, start, end, count);
        return;
      }
      if (this.#isOnly(bytes, start, end)) {
        this.#onlyCount += count;
        return;
      }
      this.#take(this.#only.toString("utf8", 0, this.#onlyBytes), this.#onlyCount);
      this.#onlyBytes = -1;
    }
    this.#take(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8"), count);
  }

  endKey(): void {
    if (this.#onlyBytes >= 0) {
      this.#sink.value(this.#only, 0, this.#onlyBytes, this.#onlyCount);
    } else {
      // A single value here is the result of the last batch.
      if (this.#values.length > 1) this.#fold();
      const result = Buffer.from(this.#resultText);
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

  #take(text: string, count: number): void {
    for (const value of repeated(JSON.parse(text) as JsonValue, count)) {
      this.#values.push(value);
      this.#characters += text.length;
      if (this.#values.length >= batchValuesMax || (this.#characters > batchCharactersMax && this.#values.length > 1)) {
        this.#fold();
      }
    }
  }

  #fold(): void {
    this.#key ??= keyString(this.#words, this.#wordAt, this.#keyBytes);
    this.#resultText = jsonText("combine", this.#key, this.#combine(this.#key, this.#values));
    this.#values = [JSON.parse(this.#resultText) as JsonValue];
    this.#characters = this.#resultText.length;
  }
}
