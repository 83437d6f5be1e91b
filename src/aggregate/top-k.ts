import type { JsonValue } from "../app/contract.js";
import { aggregator, markOf, type Accumulator, type Aggregator } from "./aggregator.js";
import { compareStrings } from "./scalar.js";
import { finiteNumber, shownValue, UnusableValue } from "./unusable-value.js";

/** An object with a number as the property `By`. */
export type WithNumber<By extends string> = Readonly<Record<By, number>> & Readonly<Record<string, JsonValue>>;

/** The `k` greatest numbers of a key as an array, the greatest first. */
export function topK(k: number): Aggregator<number, readonly number[]>;
/**
 * The `k` objects of a key with the greatest numbers as their property `by`, the greatest first: `topK(10, { by: "bytes" })`.
 * Equal ones come in the order of their JSON text (UTF-8 bytes).
 */
export function topK<const By extends string>(
  k: number,
  options: { readonly by: By },
): Aggregator<WithNumber<By>, readonly WithNumber<By>[]>;
export function topK(k: number, { by }: { readonly by?: string } = {}): unknown {
  requireK("topK", k);
  if (by !== undefined && (typeof by !== "string" || by === markOf("topK"))) {
    throw new TypeError(`topK: by must be the name of a property, not ${shownValue(by)}`);
  }
  return aggregator("topK", () => new TopAccumulator(k, by), { settings: [k, by], isLive: by === undefined });
}

/** Throws a TypeError unless `k` is how many values an aggregator can keep. */
export function requireK(name: string, k: number): void {
  if (Number.isSafeInteger(k) && k >= 1) return;
  throw new TypeError(`${name}: k must be a whole number from 1 on, not ${shownValue(k)}`);
}

interface Candidate {
  readonly number: number;
  readonly value: JsonValue;
  /** The JSON text of an object. */
  text: string | undefined;
}

class TopAccumulator implements Accumulator {
  readonly #k: number;
  readonly #by: string | undefined;
  #candidates: Candidate[] = [];
  /** The number of the last of k: anything less is not among the greatest. */
  #least = -Infinity;

  constructor(k: number, by: string | undefined) {
    this.#k = k;
    this.#by = by;
  }

  get bytes(): number {
    return 100 + 80 * this.#candidates.length;
  }

  check(value: unknown): void {
    this.#numberOf(value);
  }

  add(value: unknown): void {
    const number = this.#numberOf(value);
    if (number < this.#least) return;
    this.#candidates.push({ number, value: value as JsonValue, text: undefined });
    if (this.#candidates.length >= 2 * this.#k + 64) this.#prune();
  }

  merge(state: JsonValue): void {
    for (const value of state as readonly JsonValue[]) this.add(value);
  }

  state(): JsonValue {
    this.#prune();
    return this.#candidates.map(({ value }) => value);
  }

  result(): JsonValue {
    return this.state();
  }

  #numberOf(value: unknown): number {
    const by = this.#by;
    if (by === undefined) {
      return finiteNumber(
        value,
        "topK takes numbers; for objects use topK(k, { by }), for what is frequent mostFrequent(k)",
      );
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new UnusableValue(
        `is ${shownValue(value)}, but topK takes objects with the property ${JSON.stringify(by)}`,
      );
    }
    const number = Object.hasOwn(value, by) ? (value as Readonly<Record<string, unknown>>)[by] : undefined;
    try {
      return finiteNumber(number, "topK orders by it and needs a number");
    } catch (error) {
      throw error instanceof UnusableValue ? error.within(by) : error;
    }
  }

  #prune(): void {
    this.#candidates.sort(compare);
    if (this.#candidates.length < this.#k) return;
    this.#candidates.length = this.#k;
    this.#least = this.#candidates.at(-1)?.number ?? -Infinity;
  }
}

function compare(a: Candidate, b: Candidate): number {
  if (a.number !== b.number) return b.number - a.number;
  return typeof a.value === "number" ? 0 : compareStrings(textOf(a), textOf(b));
}

function textOf(candidate: Candidate): string {
  return (candidate.text ??= JSON.stringify(candidate.value));
}
