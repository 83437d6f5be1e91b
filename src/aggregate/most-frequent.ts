import type { JsonValue } from "../app/contract.js";
import { aggregator, type Accumulator, type Aggregator } from "./aggregator.js";
import { compareStrings, scalar } from "./scalar.js";
import { requireK } from "./top-k.js";
import { shownValue, UnusableValue } from "./unusable-value.js";

type Countable = string | number | boolean | null;

/** A value, and how often a key has it. */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- An interface is no JsonValue.
export type Frequency = { readonly value: Countable; readonly count: number };

/**
 * The `k` values that a key has most often, with exact counts: strings, numbers, booleans or null. Values with equal
 * counts come in the order of their texts (UTF-8 bytes). Keeps all distinct values of a key in memory.
 */
export function mostFrequent(k: number): Aggregator<Countable, readonly Frequency[]> {
  requireK("mostFrequent", k);
  return aggregator("mostFrequent", () => new FrequencyAccumulator(k));
}

class FrequencyAccumulator implements Accumulator {
  readonly #k: number;
  readonly #counts = new Map<Countable, number>();

  constructor(k: number) {
    this.#k = k;
  }

  add(given: unknown): void {
    const value = scalar(given, "mostFrequent takes no arrays and objects; use JSON.stringify(…)");
    if (typeof value === "bigint") {
      throw new UnusableValue(`is ${shownValue(value)}, which the result cannot hold; use String(…)`);
    }
    this.#add(value, 1);
  }

  merge(state: JsonValue): void {
    for (const [value, count] of state as readonly (readonly [Countable, number])[]) this.#add(value, count);
  }

  state(): JsonValue {
    return [...this.#counts];
  }

  result(): JsonValue {
    const sorted = [...this.#counts].sort(
      ([a, aCount], [b, bCount]) =>
        bCount - aCount || compareStrings(String(a), String(b)) || compareStrings(typeof a, typeof b),
    );
    return sorted.slice(0, this.#k).map(([value, count]): Frequency => ({ value, count }));
  }

  #add(value: Countable, count: number): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + count);
  }
}
