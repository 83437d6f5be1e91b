/**
 * How the engine recognizes an aggregator of the package (`src/aggregate/`) among an app's exports. The app imports the
 * aggregator from one copy of the package, and the engine is another, so the two meet in properties whose names are
 * registered symbols.
 */
import type { Combine } from "./combine.js";
import type { JsonValue } from "./contract.js";

/** On an aggregator: its `combine`, for an app that exports the aggregator itself as `combine`. */
export const combineOf = Symbol.for("mapreduce-ts.combineOf");

/** On the `combine` of an aggregator that folds values into one number: how. */
export const plainFold = Symbol.for("mapreduce-ts.plainFold");

/**
 * What `combine` does, one value at a time and without arrays. The result must be the same as that of `combine`,
 * whatever the order of the values.
 */
export interface PlainFold {
  /** The total of no values. */
  readonly start: number;
  /**
   * The total after `value` was added `count` times; NaN if this fold does not take the value, or a number cannot hold
   * the total exactly. Then the value is left to `combine`.
   */
  add(total: number, value: JsonValue, count: number): number;
  /** A value that stands for all that make the total. */
  valueOf(total: number): JsonValue;
}

/** On the `combine` of an aggregator that can take values one by one: a function that makes a LiveFold. */
export const liveFold = Symbol.for("mapreduce-ts.liveFold");

/** Does what `combine` does for one key, one value at a time. */
export interface LiveFold {
  /** An estimate of the memory in use. */
  readonly bytes: number;
  /** Takes a value, or throws and leaves everything as it was. */
  add(value: unknown): void;
  /** Returns what `combine` returns for all values, and forgets them. */
  take(): JsonValue;
}

/** Returns the function that makes a LiveFold for a key, if an app's `combine` has one. */
export function liveFoldOf(combine: Combine): ((key: string) => LiveFold) | undefined {
  return (combine as { readonly [liveFold]?: (key: string) => LiveFold })[liveFold];
}

/** On an aggregator and its `combine`: what it is, such as "topK [10]". The functions of all have the same text. */
export const description = Symbol.for("mapreduce-ts.description");

/** Returns the description of an aggregator, or of its `combine`; undefined for any other function. */
export function descriptionOf(exported: object): string | undefined {
  return (exported as { readonly [description]?: string })[description];
}

/** Returns the plain fold of an app's `combine`, if it has one. */
export function plainFoldOf(combine: Combine): PlainFold | undefined {
  return (combine as { readonly [plainFold]?: PlainFold })[plainFold];
}

/** Returns the `combine` of an aggregator, which needs no `this`, if an app exports one as `combine`. */
export function aggregatorCombine(exported: unknown): unknown {
  if (typeof exported !== "function") return undefined;
  if (combineOf in exported) return exported[combineOf];
  return plainFold in exported || liveFold in exported ? exported : undefined;
}
