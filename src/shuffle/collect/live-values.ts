import type { LiveFold } from "../../app/plain-fold.js";
import type { JsonValue } from "../../app/contract.js";

/** The values of a key as one, in the place of `WaitingValues`, when an aggregator can fold each value at once. */
export class LiveValues {
  readonly key: string;
  readonly #fold: LiveFold;
  readonly haveArrays = false;
  /** Never more than one. */
  count = 0;

  constructor(key: string, fold: LiveFold) {
    this.key = key;
    this.#fold = fold;
  }

  /** An estimate of the memory in use. */
  get bytes(): number {
    return this.#fold.bytes;
  }

  /** The same. */
  get size(): number {
    return this.#fold.bytes;
  }

  /** Folds a value. Throws what the aggregator throws. */
  push(_giver: string, value: unknown): void {
    this.#fold.add(value);
    this.count = 1;
  }

  /** Removes all values and returns one in their place, if there were any. */
  take(): JsonValue[] {
    if (this.count === 0) return [];
    this.count = 0;
    return [this.#fold.take()];
  }
}
