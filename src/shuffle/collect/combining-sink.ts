import type { Combine } from "../../app/combine.js";
import { FoldedValues } from "../folded-values.js";
import { keyString } from "../key-words.js";
import { storedValue } from "../stored-value.js";
import { decodedRange } from "./byte-ranges.js";
import { HeldValue } from "./held-value.js";
import type { SortedSink } from "./sorted-sink.js";

const [hyphen, zero] = [45, 48];

/**
 * Folds the values of each key with the app's `combine` and passes the result on. A key's only value stays as it is,
 * however often it repeats: with its count it is as short as a result could be, and folding a million ones into one
 * would need a million values.
 */
export class CombiningSink implements SortedSink {
  readonly #sink: SortedSink;
  readonly #combine: Combine;
  #words: Int32Array = new Int32Array(0);
  #wordAt = 0;
  #keyBytes = 0;
  /** The only value yet. */
  readonly #only = new HeldValue();
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
    this.#only.count = 0;
    this.#folded = undefined;
  }

  value(bytes: Uint8Array, start: number, end: number, count: number): void {
    if (this.#folded === undefined) {
      if (this.#only.count === 0) {
        this.#only.hold(bytes, start, end, count);
        return;
      }
      if (this.#only.is(bytes, start, end)) {
        this.#only.count += count;
        return;
      }
      this.#folded = new FoldedValues(keyString(this.#words, this.#wordAt, this.#keyBytes), this.#combine);
      take(this.#folded, this.#only.bytes, 0, this.#only.length, this.#only.count);
    }
    take(this.#folded, bytes, start, end, count);
  }

  endKey(): void {
    if (this.#folded === undefined) {
      this.#sink.value(this.#only.bytes, 0, this.#only.length, this.#only.count);
    } else {
      for (const text of this.#folded.fold()) {
        const result = Buffer.from(text);
        this.#sink.value(result, 0, result.length, 1);
      }
    }
    this.#sink.endKey();
  }
}

function take(folded: FoldedValues, bytes: Uint8Array, start: number, end: number, count: number): void {
  const integer = shortInteger(bytes, start, end);
  if (!Number.isNaN(integer)) {
    folded.add(integer, end - start, count);
    return;
  }
  const text = decodedRange(bytes, start, end);
  folded.add(storedValue(text), text.length, count);
}

/** The integer whose text is up to 15 digits and a sign; NaN for any other text. Values are often counts. */
function shortInteger(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === hyphen;
  const first = isNegative ? start + 1 : start;
  if (end - first > 15 || end === first) return NaN;
  let integer = 0;
  for (let at = first; at < end; at++) {
    const digit = (bytes[at] ?? 0) - zero;
    if (digit < 0 || digit > 9) return NaN;
    integer = integer * 10 + digit;
  }
  return isNegative ? -integer : integer;
}
