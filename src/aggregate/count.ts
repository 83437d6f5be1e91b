import type { JsonValue } from "../app/contract.js";
import type { PlainFold } from "../app/plain-fold.js";
import { aggregator, markOf, type Accumulator, type Aggregator } from "./aggregator.js";
import { scalar, type Scalar } from "./scalar.js";

const takes = "count takes no arrays and objects; emit null, which counts as well";
const mark = markOf("count");

/** How many values a key has, whatever they are: strings, numbers, bigints, booleans or null. */
export const count: Aggregator<Scalar, number> = aggregator("count", () => new CountAccumulator(), {
  fold: {
    start: 0,
    add(total, value, times) {
      if (typeof value !== "object" || value === null) return total + times;
      const stored = (value as Readonly<Record<string, JsonValue>>)[mark];
      return typeof stored === "number" && Object.keys(value).length === 1 ? total + stored * times : NaN;
    },
    valueOf: (total) => ({ [mark]: total }),
  } satisfies PlainFold,
});

class CountAccumulator implements Accumulator {
  #count = 0;

  readonly bytes = 50;

  check(value: unknown): void {
    scalar(value, takes);
  }

  add(value: unknown): void {
    this.check(value);
    this.#count += 1;
  }

  merge(state: JsonValue): void {
    this.#count += state as number;
  }

  state(): JsonValue {
    return this.#count;
  }

  result(): JsonValue {
    return this.#count;
  }
}
