/** Wider arrays rarely are accumulators. */
const widthMax = 16;

/**
 * Arrays of numbers of one length, such as `[min, max, sum, count]`, held as their numbers one after the other. An array
 * per value would survive a collection of the young generation or two, which copy it each time.
 */
export class NumberRows {
  /** Keeps its length, so that it need not grow again. */
  readonly #numbers: number[] = [];
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

  /** Adds a copy of the value if it is such an array, of the same length as the others, that JSON keeps as it is. */
  add(value: unknown): boolean {
    if (!Array.isArray(value) || "toJSON" in value) return false;
    const width = value.length;
    if (width !== this.#width) {
      if (this.#count > 0 || width === 0 || width > widthMax) return false;
      this.#width = width;
    }
    const numbers = this.#numbers;
    let at = this.#count * width;
    for (let index = 0; index < width; index++) {
      const number: unknown = value[index];
      // The difference is NaN for NaN and the infinities. JSON has no -0.
      if (typeof number !== "number" || number - number !== 0) return false;
      numbers[at++] = number + 0;
    }
    this.#count += 1;
    return true;
  }

  /** Removes all arrays and returns them. */
  take(): number[][] {
    const [numbers, width] = [this.#numbers, this.#width];
    const rows: number[][] = [];
    let at = 0;
    for (let count = this.#count; count > 0; count--) {
      const row: number[] = [];
      for (let index = 0; index < width; index++) row.push(numbers[at++] ?? 0);
      rows.push(row);
    }
    this.#count = 0;
    return rows;
  }
}
