import type { JsonValue } from "../app/contract.js";
import { aggregator, type Accumulator, type Aggregator } from "./aggregator.js";
import { ExactSum, inUnits, ratio, requireFinite, rootOfRatio, unitExponent, type StoredSum } from "./exact-sum.js";
import { finiteNumber } from "./unusable-value.js";

/** The arithmetic mean of numbers: the double nearest to the exact mean of the doubles, whatever their order. */
export const mean: Aggregator<number, number> = aggregator("mean", () => new MeanAccumulator());

/** What `stats` returns for a key. */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- An interface is no JsonValue.
export type Stats = {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  /** The double nearest to the exact sum. */
  readonly sum: number;
  /** The double nearest to the exact mean. */
  readonly mean: number;
  /** The double nearest to the sample standard deviation, which divides by `count - 1`; null for a single value. */
  readonly stddev: number | null;
};

/** Count, least, greatest, sum, mean and standard deviation of numbers, whatever their order. */
export const stats: Aggregator<number, Stats> = aggregator("stats", () => new StatsAccumulator());

class MeanAccumulator implements Accumulator {
  #count = 0;
  readonly #sum = new ExactSum();

  readonly bytes = 150;

  check(value: unknown): void {
    finiteNumber(value, "mean takes numbers");
  }

  add(value: unknown): void {
    this.#sum.add(finiteNumber(value, "mean takes numbers"));
    this.#count += 1;
  }

  merge(state: JsonValue): void {
    const [count, sum] = state as unknown as readonly [number, StoredSum];
    this.#count += count;
    this.#sum.addStored(sum);
  }

  state(): JsonValue {
    return [this.#count, this.#sum.stored()];
  }

  result(): JsonValue {
    return this.#count === 0 ? null : meanOf(this.#sum, this.#count);
  }
}

type StatsState = readonly [count: number, min: number, max: number, sum: StoredSum, squares: StoredSum, tiny?: string];

class StatsAccumulator implements Accumulator {
  #count = 0;
  #min = Infinity;
  #max = -Infinity;
  readonly #sum = new ExactSum();
  readonly #squares = new ExactSum();
  /** Squares that two doubles cannot hold exactly, in multiples of 2^-2148. */
  #otherSquares = 0n;

  readonly bytes = 400;

  check(value: unknown): void {
    finiteNumber(value, "stats takes numbers");
  }

  add(given: unknown): void {
    const value = finiteNumber(given, "stats takes numbers");
    this.#count += 1;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.#sum.add(value);
    const magnitude = Math.abs(value);
    if (magnitude > squareMin && magnitude < squareMax) {
      const square = value * value;
      this.#squares.add(square);
      const error = squareError(value, square);
      if (error !== 0) this.#squares.add(error);
    } else if (value !== 0) {
      this.#otherSquares += inUnits(value) ** 2n;
    }
  }

  merge(state: JsonValue): void {
    const [count, min, max, sum, squares, other] = state as unknown as StatsState;
    this.#count += count;
    if (min < this.#min) this.#min = min;
    if (max > this.#max) this.#max = max;
    this.#sum.addStored(sum);
    this.#squares.addStored(squares);
    if (other !== undefined) this.#otherSquares += BigInt(other);
  }

  state(): JsonValue {
    const state = [this.#count, this.#min, this.#max, this.#sum.stored(), this.#squares.stored()] as const;
    return this.#otherSquares === 0n ? state : [...state, String(this.#otherSquares)];
  }

  result(): JsonValue {
    if (this.#count === 0) return null;
    return {
      count: this.#count,
      min: this.#min,
      max: this.#max,
      sum: requireFinite(this.#sum.rounded()),
      mean: meanOf(this.#sum, this.#count),
      stddev: this.#count === 1 ? null : requireFinite(this.#stddev()),
    } satisfies Stats;
  }

  /** The root of the sample variance, (n Σx² - (Σx)²) / (n (n - 1)). */
  #stddev(): number {
    const count = BigInt(this.#count);
    const squares = (this.#squares.units() << BigInt(-unitExponent)) + this.#otherSquares;
    const numerator = count * squares - this.#sum.units() ** 2n;
    return rootOfRatio(numerator, count * (count - 1n), 2 * unitExponent);
  }
}

/** Between these, `squareError` is exact: neither the square nor its error is too large or too small for a double. */
const squareMin = 2 ** -480;
const squareMax = 2 ** 500;
/** Splits a double into halves of 26 bits (Dekker 1971). */
const splitter = 2 ** 27 + 1;

/** Returns by how much the exact square of `value` exceeds `square`, its nearest double. */
function squareError(value: number, square: number): number {
  const wide = splitter * value;
  const high = wide - (wide - value);
  const low = value - high;
  return low * low - (square - high * high - 2 * high * low);
}

/** The double nearest to the mean. */
function meanOf(sum: ExactSum, count: number): number {
  return ratio(sum.units(), BigInt(count), unitExponent);
}
