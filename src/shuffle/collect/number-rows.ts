import type { JsonValue } from "../../app/contract.js";

/** The longest arrays that are held as rows. Longer ones rarely are accumulators. */
export const widthMax = 16;

/**
 * Numbers, or arrays of numbers of one length, such as `[min, max, sum, count]`, held as their numbers one after the
 * other. An array per value would survive a collection of the young generation or two, which copy it each time.
 */
export class NumberRows {
  /** Keeps its length, so that it need not grow again. */
  readonly #numbers: number[] = [];
  /** The length of each array; 0 for numbers that are not in arrays. */
  #width = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get width(): number {
    return this.#width;
  }

  /** The memory in use. */
  get bytes(): number {
    return 8 * this.#numbers.length;
  }

  /** Adds a copy of the value if it is of the same kind and length as the others, and JSON keeps it as it is. */
  add(value: unknown): boolean {
    if (typeof value === "number") return this.#isOfWidth(0) && this.#addNumber(value);
    if (!Array.isArray(value) || "toJSON" in value || value.length === 0) return false;
    return this.#isOfWidth(value.length) && this.#addArray(value);
  }

  /** Removes all values and returns them. */
  take(): JsonValue[] {
    const [numbers, width, count] = [this.#numbers, this.#width, this.#count];
    this.#count = 0;
    if (width === 0) return numbers.slice(0, count);
    const rows: number[][] = [];
    for (let at = 0; at < count * width;) {
      const row: number[] = [];
      for (const end = at + width; at < end; at++) row.push(numbers[at] ?? 0);
      rows.push(row);
    }
    return rows;
  }

  #isOfWidth(width: number): boolean {
    if (width === this.#width) return true;
    if (this.#count > 0 || width > widthMax) return false;
    this.#width = width;
    return true;
  }

  #addNumber(number: number): boolean {
    if (!Number.isFinite(number)) return false;
    // JSON has no -0.
    this.#numbers[this.#count++] = number + 0;
    return true;
  }

  #addArray(array: readonly unknown[]): boolean {
    const numbers = this.#numbers;
    let at = this.#count * this.#width;
    for (const number of array) {
      if (typeof number !== "number" || !Number.isFinite(number)) return false;
      numbers[at++] = number + 0;
    }
    this.#count += 1;
    return true;
  }
}
