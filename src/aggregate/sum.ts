import type { JsonValue } from "../app/contract.js";
import type { PlainFold } from "../app/plain-fold.js";
import { aggregator, type Accumulator, type Aggregator } from "./aggregator.js";
import { ExactSum, requireFinite, unitExponent, type StoredSum } from "./exact-sum.js";
import { finiteNumber } from "./unusable-value.js";

const takes = "sum takes numbers";

/**
 * The sum of numbers or bigints.
 *
 * The sum of integers is exact: a number up to ±(2^53 - 1), and beyond that a bigint. A number beyond ±(2^53 - 1) counts
 * as a fraction, because it may have been rounded already. A sum with a fraction is the double that is nearest to the
 * exact sum of the doubles, whatever their order.
 */
export const sum: Aggregator<number | bigint, number | bigint> = aggregator("sum", () => new SumAccumulator(), {
  statesAreValues: true,
  fold: {
    start: 0,
    add(total, value, count) {
      if (!Number.isSafeInteger(value)) return NaN;
      const product = (value as number) * count;
      return Number.isSafeInteger(product) && Number.isSafeInteger(total + product) ? total + product : NaN;
    },
    valueOf: (total) => total,
  } satisfies PlainFold,
});

/** A safe integer; the digits of another integer; or a sum with fractions. */
type SumState = number | readonly [digits: string] | StoredSum;

class SumAccumulator implements Accumulator {
  #isEmpty = true;
  /** The sum of all integers is #integer + #bigint. */
  #integer = 0;
  #bigint = 0n;
  #fractions: ExactSum | undefined;

  readonly bytes = 200;

  check(value: unknown): void {
    if (typeof value !== "bigint") finiteNumber(value, takes);
  }

  add(value: unknown): void {
    if (typeof value === "number" && Number.isSafeInteger(value)) {
      const total = this.#integer + value;
      if (Number.isSafeInteger(total)) {
        this.#integer = total;
      } else {
        this.#bigint += BigInt(this.#integer);
        this.#integer = value;
      }
    } else if (typeof value === "bigint") {
      this.#bigint += value;
    } else {
      const fraction = finiteNumber(value, takes);
      this.#fractions ??= new ExactSum();
      this.#fractions.add(fraction);
    }
    this.#isEmpty = false;
  }

  merge(state: JsonValue): void {
    const stored = state as SumState;
    if (typeof stored === "number") {
      this.add(stored);
    } else if (typeof stored[0] === "string") {
      this.add(BigInt(stored[0]));
    } else {
      this.#isEmpty = false;
      this.#fractions ??= new ExactSum();
      this.#fractions.addStored(stored as StoredSum);
    }
  }

  state(): JsonValue {
    const integer = this.#integers();
    if (this.#fractions === undefined) return typeof integer === "number" ? integer : [String(integer)];
    const stored = this.#withIntegers(this.#fractions).stored();
    // As a number, a fraction or an unsafe integer is read as what it is.
    return stored.length === 2 && stored[1] === 0 && !Number.isSafeInteger(stored[0]) ? stored[0] : [...stored];
  }

  result(): JsonValue {
    if (this.#isEmpty) return null;
    if (this.#fractions === undefined) return this.#integers();
    return requireFinite(this.#withIntegers(this.#fractions).rounded());
  }

  /** The sum of all integers; a bigint if it is not a safe integer. */
  #integers(): number | bigint {
    if (this.#bigint === 0n) return this.#integer;
    const all = this.#bigint + BigInt(this.#integer);
    return Number.isSafeInteger(Number(all)) ? Number(all) : all;
  }

  /** Moves the integers to the fractions. */
  #withIntegers(fractions: ExactSum): ExactSum {
    fractions.add(this.#integer);
    this.#integer = 0;
    if (this.#bigint !== 0n) fractions.addUnits(this.#bigint << BigInt(-unitExponent));
    this.#bigint = 0n;
    return fractions;
  }
}
