import type { LiveFold } from "../../app/plain-fold.js";
import type { JsonValue } from "../../app/contract.js";
import { travelledValue } from "./travelled-value.js";

/** The values of a key as one, in the place of `WaitingValues`, when an aggregator can fold each value at once. */
export class LiveValues {
  readonly key: string;
  readonly #fold: LiveFold;
  readonly haveArrays = false;
  /** See `WaitingValues`. */
  readonly width = -1;
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

  /** Folds a value that `giver` emitted. Throws what the aggregator and `travelledValue` throw. */
  push(giver: string, value: unknown): void {
    this.#fold.add(isPlain(value) ? value : travelledValue(giver, this.key, value));
    this.count = 1;
  }

  /** Removes all values and returns one in their place, if there were any. */
  take(): JsonValue[] {
    if (this.count === 0) return [];
    this.count = 0;
    return [this.#fold.take()];
  }
}

/** Whether the aggregator finds in a value what JSON would keep of it. That of a Date, for example, is a string. */
function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Object.getPrototypeOf(value) !== Object.prototype || "toJSON" in value) return false;
  for (const name in value) {
    const part = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof part === "object" && !isPlain(part)) return false;
  }
  return true;
}
