import type { JsonValue } from "../app/contract.js";
import type { PlainFold } from "../app/plain-fold.js";
import { aggregator, type Accumulator, type Aggregator } from "./aggregator.js";
import { compareStrings, ownScalar } from "./scalar.js";
import { shownValue, UnusableValue } from "./unusable-value.js";

type Ordered = number | bigint | string;

/**
 * The least value: of numbers and bigints by size, or of strings by their UTF-8 bytes. A key must not have both numbers
 * and strings.
 */
export const min: Aggregator<Ordered, Ordered> = extreme("min", (a, b) => a < b, Infinity);

/** The greatest value: of numbers and bigints by size, or of strings by their UTF-8 bytes, as in `min`. */
export const max: Aggregator<Ordered, Ordered> = extreme("max", (a, b) => a > b, -Infinity);

/** The value that comes before all others. */
function extreme(
  name: string,
  isBefore: (a: number | bigint, b: number | bigint) => boolean,
  start: number,
): Aggregator<Ordered, Ordered> {
  const isFirst = (a: Ordered, b: Ordered): boolean => {
    if (typeof a === "string" && typeof b === "string") return isBefore(compareStrings(a, b), 0);
    if (typeof a === "string" || typeof b === "string") {
      throw new UnusableValue(`is ${shownValue(a)}, but another is ${shownValue(b)}; ${name} cannot compare them`);
    }
    // Of a number and an equal bigint, always the number.
    return isBefore(a, b) || (typeof a === "number" && typeof b === "bigint" && !isBefore(b, a));
  };
  return aggregator<Ordered, Ordered>(name, () => new ExtremeAccumulator(name, isFirst), {
    statesAreValues: true,
    fold: {
      start,
      add: (total, value) => (typeof value === "number" ? (isBefore(value, total) ? value : total) : NaN),
      valueOf: (total) => total,
    } satisfies PlainFold,
  });
}

class ExtremeAccumulator implements Accumulator {
  readonly #name: string;
  readonly #isFirst: (a: Ordered, b: Ordered) => boolean;
  #first: Ordered | undefined;

  constructor(name: string, isFirst: (a: Ordered, b: Ordered) => boolean) {
    this.#name = name;
    this.#isFirst = isFirst;
  }

  get bytes(): number {
    return 100 + (typeof this.#first === "string" ? 2 * this.#first.length : 0);
  }

  check(value: unknown): void {
    if (this.#first !== undefined) this.#isFirst(this.#ordered(value), this.#first);
    else this.#ordered(value);
  }

  add(value: unknown): void {
    const ordered = this.#ordered(value);
    if (this.#first === undefined || this.#isFirst(ordered, this.#first)) this.#first = ownScalar(ordered);
  }

  merge(state: JsonValue): void {
    this.add(state);
  }

  state(): JsonValue {
    return this.#first ?? null;
  }

  result(): JsonValue {
    return this.#first ?? null;
  }

  #ordered(value: unknown): Ordered {
    if (isOrdered(value)) return value;
    throw new UnusableValue(`is ${shownValue(value)}, but ${this.#name} takes numbers or strings`);
  }
}

function isOrdered(value: unknown): value is Ordered {
  return (
    typeof value === "string" || typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value))
  );
}
