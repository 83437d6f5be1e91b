import type { JsonValue } from "../app/contract.js";
import { aggregator, type Accumulator, type Aggregator } from "./aggregator.js";
import { DDSketch, type StoredSketch } from "./dd-sketch.js";
import { finiteNumber, shownValue, UnusableValue } from "./unusable-value.js";

const takes = "quantiles takes numbers";

/**
 * Estimates of quantiles of numbers, by name: `quantiles([0.5, 0.99])` returns `{ "p50": …, "p99": … }`. 0 is the least
 * value, 0.5 the median and 1 the greatest value.
 *
 * `accuracy` is the relative error, 0.01 by default: an estimate differs by at most 1% from the value that has the rank
 * ⌊q (n - 1)⌋ among the n sorted values, counted from 0. The least and the greatest value are exact. The memory for a
 * key depends on the range of its values, not on their number: about 115 counts for each factor of 10 with an accuracy
 * of 0.01.
 *
 * The algorithm is DDSketch (Masson, Rim, Lee, 2019). The estimates do not depend on the order of the values.
 */
export function quantiles(
  fractions: readonly number[],
  { accuracy = 0.01 }: { readonly accuracy?: number } = {},
): Aggregator<number, Readonly<Record<string, number>>> {
  const given: unknown = fractions;
  const isFraction = (fraction: unknown) => typeof fraction === "number" && fraction >= 0 && fraction <= 1;
  if (!Array.isArray(given) || given.length === 0 || !given.every(isFraction)) {
    throw new TypeError(
      `quantiles: it takes an array of numbers from 0 to 1, such as [0.5, 0.99], not ${shownValue(fractions)}`,
    );
  }
  if (!(typeof accuracy === "number" && accuracy >= 0.0001 && accuracy <= 0.5)) {
    throw new TypeError(`quantiles: accuracy must be a number from 0.0001 to 0.5, not ${shownValue(accuracy)}`);
  }
  const names = fractions.map((fraction) => [percentName(fraction), fraction] as const);
  return aggregator("quantiles", () => new QuantilesAccumulator(names, accuracy), { settings: [accuracy] });
}

/** "p50" for 0.5. Rounded, because 0.999 * 100 is 99.90000000000001 or so. */
function percentName(fraction: number): string {
  return `p${Number((fraction * 100).toPrecision(15))}`;
}

class QuantilesAccumulator implements Accumulator {
  readonly #names: readonly (readonly [name: string, fraction: number])[];
  readonly #accuracy: number;
  readonly #sketch: DDSketch;

  constructor(names: readonly (readonly [name: string, fraction: number])[], accuracy: number) {
    this.#names = names;
    this.#accuracy = accuracy;
    this.#sketch = new DDSketch(accuracy);
  }

  get bytes(): number {
    return this.#sketch.bytes;
  }

  check(value: unknown): void {
    finiteNumber(value, takes);
  }

  add(value: unknown): void {
    this.#sketch.add(finiteNumber(value, takes));
  }

  merge(state: JsonValue): void {
    const [accuracy, stored] = state as unknown as readonly [number, StoredSketch];
    if (accuracy !== this.#accuracy) {
      throw new UnusableValue(`has the accuracy ${accuracy}, and others ${this.#accuracy}`);
    }
    this.#sketch.addStored(stored);
  }

  state(): JsonValue {
    return [this.#accuracy, this.#sketch.stored()];
  }

  result(): JsonValue {
    if (this.#sketch.count === 0) return null;
    return Object.fromEntries(this.#names.map(([name, fraction]) => [name, this.#sketch.quantile(fraction)]));
  }
}
