/**
 * DDSketch: counts of values in buckets whose bounds grow by a constant factor, so that any value of a bucket is close to
 * all others in it (Charles Masson, Jee E. Rim, Homin K. Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
 * Relative-Error Guarantees", PVLDB 12(12), 2019).
 *
 * Bucket i has the magnitudes above g^(i - 1) up to g^i, where g = (1 + accuracy) / (1 - accuracy). Buckets are never
 * joined, so that the sketch depends only on the values, not on their order.
 */

/** The least and the greatest value; the number of zeros; index and count of each bucket, of negative and positive values. */
export type StoredSketch = readonly [
  min: number,
  max: number,
  zeros: number,
  negative: readonly number[],
  positive: readonly number[],
];

export class DDSketch {
  readonly #logOfFactor: number;
  #min = Infinity;
  #max = -Infinity;
  #zeros = 0;
  /** Counts by index. */
  readonly #negative = new Map<number, number>();
  readonly #positive = new Map<number, number>();
  #count = 0;

  constructor(accuracy: number) {
    this.#logOfFactor = Math.log1p((2 * accuracy) / (1 - accuracy));
  }

  get count(): number {
    return this.#count;
  }

  /** An estimate of the memory in use. */
  get bytes(): number {
    return 400 + 40 * (this.#negative.size + this.#positive.size);
  }

  add(value: number): void {
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.#count += 1;
    if (value === 0) this.#zeros += 1;
    else addTo(value > 0 ? this.#positive : this.#negative, this.#indexOf(Math.abs(value)), 1);
  }

  addStored([min, max, zeros, negative, positive]: StoredSketch): void {
    if (min < this.#min) this.#min = min;
    if (max > this.#max) this.#max = max;
    this.#zeros += zeros;
    this.#count += zeros + addAllTo(this.#negative, negative) + addAllTo(this.#positive, positive);
  }

  stored(): StoredSketch {
    return [this.#min, this.#max, this.#zeros, sorted(this.#negative).flat(), sorted(this.#positive).flat()];
  }

  /** Estimates the value of the rank ⌊fraction (count - 1)⌋. */
  quantile(fraction: number): number {
    const rank = Math.floor(fraction * (this.#count - 1));
    if (rank <= 0) return this.#min;
    if (rank >= this.#count - 1) return this.#max;
    let left = rank;
    for (const [index, count] of sorted(this.#negative).reverse()) {
      if (left < count) return this.#within(-this.#magnitudeOf(index));
      left -= count;
    }
    if (left < this.#zeros) return 0;
    left -= this.#zeros;
    for (const [index, count] of sorted(this.#positive)) {
      if (left < count) return this.#within(this.#magnitudeOf(index));
      left -= count;
    }
    return this.#max;
  }

  #indexOf(magnitude: number): number {
    return Math.ceil(Math.log(magnitude) / this.#logOfFactor);
  }

  /** The value with the least relative error to both bounds of a bucket: 2 g^i / (g + 1). */
  #magnitudeOf(index: number): number {
    const factor = Math.exp(this.#logOfFactor);
    const upper = Math.exp(index * this.#logOfFactor);
    // Twice the upper bound of the last buckets, or even the bound, is infinite for a double.
    if (upper < 2 ** 1023) return (upper * 2) / (factor + 1);
    return Math.exp((index - 1) * this.#logOfFactor) * ((factor / (factor + 1)) * 2);
  }

  #within(estimate: number): number {
    return Math.min(this.#max, Math.max(this.#min, estimate));
  }
}

function addTo(counts: Map<number, number>, index: number, count: number): void {
  counts.set(index, (counts.get(index) ?? 0) + count);
}

/** Adds stored buckets, and returns the sum of their counts. */
function addAllTo(counts: Map<number, number>, stored: readonly number[]): number {
  let all = 0;
  for (let at = 0; at < stored.length; at += 2) {
    const count = stored[at + 1] ?? 0;
    addTo(counts, stored[at] ?? 0, count);
    all += count;
  }
  return all;
}

function sorted(counts: Map<number, number>): [index: number, count: number][] {
  return [...counts].sort(([a], [b]) => a - b);
}
