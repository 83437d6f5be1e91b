import type { JsonValue } from "../app/contract.js";
import { aggregator, type Accumulator, type Aggregator } from "./aggregator.js";
import { HyperLogLog, precisionMax, precisionMin, type StoredHyperLogLog } from "./hyper-log-log.js";
import { ownScalar, restoredScalar, scalar, storedScalar, type Scalar, type StoredScalar } from "./scalar.js";
import { shownValue, UnusableValue } from "./unusable-value.js";

const takes = "distinct takes no arrays and objects; use JSON.stringify(…)";

interface Distinct extends Aggregator<Scalar, number> {
  /**
   * An estimate of the number of distinct values, in a bounded amount of memory for each key: exact up to about 1,000
   * values (a sixteenth of 2^precision), and beyond that with a standard error of 1.04 / √2^precision. With the default
   * `precision` of 14, that is 0.8%: two estimates of three are off by less than that, and 99.7% by less than 2.4%. The
   * state of a key has up to 2^precision bytes, 16 KiB by default. `precision` is 10 to 18.
   *
   * The algorithm is HyperLogLog (Flajolet et al., 2007).
   */
  readonly approximate: (options?: { readonly precision?: number }) => Aggregator<Scalar, number>;
}

/**
 * How many distinct values a key has: strings, numbers, bigints, booleans or null. A value differs from one of another
 * type. Exact, and therefore keeps all distinct values of a key in memory; `distinct.approximate()` does not.
 */
export const distinct: Distinct = Object.assign(
  aggregator<Scalar, number>("distinct", () => new DistinctAccumulator()),
  { approximate },
);
// `...distinct` must not make it an export of the app.
Object.defineProperty(distinct, "approximate", { enumerable: false });

class DistinctAccumulator implements Accumulator {
  readonly #values = new Set<Scalar>();
  /** Of all strings in #values. */
  #characters = 0;

  get bytes(): number {
    return 100 + 50 * this.#values.size + 2 * this.#characters;
  }

  check(value: unknown): void {
    scalar(value, takes);
  }

  add(value: unknown): void {
    this.#add(scalar(value, takes));
  }

  merge(state: JsonValue): void {
    for (const stored of state as readonly StoredScalar[]) this.#add(restoredScalar(stored));
  }

  state(): JsonValue {
    return Array.from(this.#values, storedScalar);
  }

  result(): JsonValue {
    return this.#values.size;
  }

  #add(value: Scalar): void {
    if (this.#values.has(value)) return;
    this.#values.add(ownScalar(value));
    if (typeof value === "string") this.#characters += value.length;
  }
}

function approximate({ precision = 14 }: { readonly precision?: number } = {}): Aggregator<Scalar, number> {
  if (!Number.isInteger(precision) || precision < precisionMin || precision > precisionMax) {
    throw new TypeError(
      `distinct.approximate: precision must be a whole number from ${precisionMin} to ${precisionMax}, not ${shownValue(precision)}`,
    );
  }
  return aggregator("distinct.approximate", () => new ApproximateAccumulator(precision), { settings: [precision] });
}

class ApproximateAccumulator implements Accumulator {
  readonly #precision: number;
  readonly #sketch: HyperLogLog;

  constructor(precision: number) {
    this.#precision = precision;
    this.#sketch = new HyperLogLog(precision);
  }

  get bytes(): number {
    return this.#sketch.bytes;
  }

  check(value: unknown): void {
    scalar(value, takes);
  }

  add(value: unknown): void {
    this.#sketch.add(scalar(value, takes));
  }

  merge(state: JsonValue): void {
    const [precision, stored] = state as unknown as readonly [number, StoredHyperLogLog];
    if (precision !== this.#precision) {
      throw new UnusableValue(`has the precision ${precision}, and others ${this.#precision}`);
    }
    this.#sketch.addStored(stored);
  }

  state(): JsonValue {
    return [this.#precision, this.#sketch.stored()];
  }

  result(): JsonValue {
    return this.#sketch.estimate();
  }
}
