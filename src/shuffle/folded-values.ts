import { combinedValues, type Combine } from "../app/combine.js";
import type { JsonValue } from "../app/contract.js";
import { plainFoldOf, type PlainFold } from "../app/plain-fold.js";
import { textToCopy, withRepeated } from "./repeated-values.js";
import { storedText, storedValue } from "./stored-value.js";

/** Limits of one call of `combine`: how many values, and how many characters of JSON text. */
const batchValuesMax = 64 * 1024;
const batchTextMax = 16 * 1024 * 1024;

/**
 * Gathers the values of a key. When they exceed a batch, `combine` folds the batch into one value, or a few, which
 * begin the next batch: so the array stays bounded, however many values there are. A single batch is not folded, since
 * `combine` would save no memory.
 *
 * The values that a plain fold takes (`plain-fold.ts`), as those of `sum` are, become one number at once.
 *
 * A `combine` that joins its values, or keeps most, returns a result as long as its input. Then the next
 * batches grow too: with a fixed length, each would be little more than the previous result, read and written again.
 */
export class FoldedValues {
  readonly #key: string;
  readonly #combine: Combine;
  readonly #plain: PlainFold | undefined;
  /** The total of the values that the plain fold took. */
  #total = 0;
  #hasTotal = false;
  #values: JsonValue[] = [];
  #textLength = 0;
  /** The total of the lengths of all values that were added. */
  #addedLength = 0;
  #foldedShare = 0;
  #valuesMax = batchValuesMax;
  #textMax = batchTextMax;
  /** Whether any value is an array. */
  #hasArrays = false;

  constructor(key: string, combine: Combine) {
    this.#key = key;
    this.#combine = combine;
    this.#plain = plainFoldOf(combine);
    if (this.#plain !== undefined) this.#total = this.#plain.start;
  }

  /** The length of the last fold's results, as a share of all that has been folded into them; 0 before the first fold. */
  get foldedShare(): number {
    return this.#foldedShare;
  }

  /** All values, folded or not. */
  get values(): JsonValue[] {
    this.#takeTotal();
    return this.#values;
  }

  /**
   * Adds `value`, `count` times; `textLength` is the length of its JSON text, in bytes or characters. Throws what `fold`
   * throws.
   */
  add(value: JsonValue, textLength: number, count: number): void {
    if (this.#plain !== undefined) {
      const total = this.#plain.add(this.#total, value, count);
      if (!Number.isNaN(total)) {
        this.#total = total;
        this.#hasTotal = true;
        return;
      }
    }
    if (Array.isArray(value)) this.#hasArrays = true;
    // Taken before `combine` gets the first copy and can change it.
    const text = count === 1 ? undefined : textToCopy(value);
    for (let left = count; left > 0;) {
      if (!this.#hasRoomFor(textLength)) this.fold();
      const room = Math.max(1, Math.floor((this.#textMax - this.#textLength) / textLength));
      const taken = Math.min(left, room, this.#valuesMax - this.#values.length);
      const own = text === undefined ? value : (JSON.parse(text) as JsonValue);
      this.#values = withRepeated(this.#values, own, taken);
      this.#textLength += taken * textLength;
      this.#addedLength += taken * textLength;
      left -= taken;
    }
  }

  /**
   * Folds all values into one, or a few, and returns their texts. Throws what `combine` throws, and a TypeError when
   * JSON cannot hold the result.
   */
  fold(): readonly string[] {
    this.#takeTotal();
    const result: unknown = this.#combine(this.#key, this.#values);
    // Most apps combine to a number or a string, which needs no check.
    const given = typeof result === "object" ? combinedValues(this.#key, result, this.#hasArrays) : [result];
    const texts: string[] = [];
    this.#values = [];
    this.#hasArrays = false;
    this.#textLength = 0;
    for (const each of given) {
      const text = storedText("combine", this.#key, each);
      // The stored value of a number or string is known without its text: -0 becomes 0.
      const value = typeof each === "number" ? each + 0 : typeof each === "string" ? each : storedValue(text);
      texts.push(text);
      this.#values.push(value);
      this.#textLength += text.length;
      if (Array.isArray(value)) this.#hasArrays = true;
    }
    if (this.#addedLength > 0) this.#foldedShare = this.#textLength / this.#addedLength;
    this.#textMax = Math.max(batchTextMax, 2 * this.#textLength);
    this.#valuesMax = Math.max(Math.ceil(batchValuesMax * (this.#textMax / batchTextMax)), 2 * texts.length);
    return texts;
  }

  /** Puts the total of the plain fold among the values. */
  #takeTotal(): void {
    if (this.#plain === undefined || !this.#hasTotal) return;
    this.#values.push(this.#plain.valueOf(this.#total));
    this.#total = this.#plain.start;
    this.#hasTotal = false;
  }

  /** Whether the value fits. A batch of one value is not folded. */
  #hasRoomFor(textLength: number): boolean {
    const { length } = this.#values;
    if (length < 2) return true;
    return length < this.#valuesMax && this.#textLength + textLength <= this.#textMax;
  }
}
