import type { JsonValue } from "../app/contract.js";
import { aggregator, type Accumulator, type Aggregator } from "./aggregator.js";
import { compareStrings, ownScalar, scalar } from "./scalar.js";
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
  return aggregator("mostFrequent", () => new FrequencyAccumulator(k), { settings: [k] });
}

class FrequencyAccumulator implements Accumulator {
  readonly #k: number;
  readonly #counts = new Map<Countable, number>();
  /** Of all strings in #counts. */
  #characters = 0;

  constructor(k: number) {
    this.#k = k;
  }

  get bytes(): number {
    return 100 + 60 * this.#counts.size + 2 * this.#characters;
  }

  check(value: unknown): void {
    countable(value);
  }

  add(value: unknown): void {
    this.#add(countable(value), 1);
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
    const before = this.#counts.get(value);
    if (before === undefined && typeof value === "string") this.#characters += value.length;
    this.#counts.set(before === undefined ? ownScalar(value) : value, (before ?? 0) + count);
  }
}

function countable(given: unknown): Countable {
  const value = scalar(given, "mostFrequent takes no arrays and objects; use JSON.stringify(…)");
  if (typeof value !== "bigint") return value;
  throw new UnusableValue(`is ${shownValue(value)}, which the result cannot hold; use String(…)`);
}
