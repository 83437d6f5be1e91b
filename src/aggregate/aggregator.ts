/**
 * What all aggregators have in common: the functions `combine` and `reduce`, made of an accumulator that takes values
 * one by one.
 *
 * The engine calls `combine` any number of times, or never, so both functions get values as `map` emitted them and
 * results of `combine`, mixed. Such a result is a state: `{ "mr:mean": … }`, an object whose only property has a name
 * that no value may have. A sum, a minimum and a maximum are themselves values of the kind that `map` emits, and need no
 * mark.
 */
import type { JsonValue } from "../app/contract.js";
import { shownKey } from "../app/given.js";
import { combineOf, description, liveFold, plainFold, type LiveFold, type PlainFold } from "../app/plain-fold.js";
import { UnusableValue } from "./unusable-value.js";

/**
 * An aggregator for values of type `Value`: the exports `combine` and `reduce` of an app.
 *
 *     export const { combine, reduce } = stats;
 *     export default defineApp({ map, ...stats });
 *
 * It is also a function, the same as its `reduce`, for calls in a `reduce` of your own.
 */
export interface Aggregator<Value extends JsonValue, Result extends JsonValue> {
  (key: string, values: Iterable<Value>): Result;

  /**
   * Folds some values of a key, which may include earlier results of this function, into one value. That is typed as
   * one of the values, since it stands for them, but only this aggregator can read it.
   */
  readonly combine: <Given extends Value>(key: string, values: readonly Given[]) => Given;

  /**
   * Returns the result for all values of a key, which may include results of `combine`. Also fits as `reduceStream`.
   *
   * Throws a TypeError that names the key and the value if the aggregator cannot take a value, or gets none.
   */
  readonly reduce: (key: string, values: Iterable<Value>) => Result;

  readonly [definition]: Definition;
}

/** The property of an aggregator that `aggregate` reads. */
export const definition = Symbol("definition");

export interface Definition {
  /** As in errors and in states. */
  readonly name: string;
  readonly described: string;
  readonly create: () => Accumulator;
  /** As in Options. */
  readonly isLive: boolean;
}

/**
 * Takes the values of a key one by one. All methods that take something throw an UnusableValue, and `check` and `add`
 * then leave everything as it was.
 */
export interface Accumulator {
  /** An estimate of the memory in use. */
  readonly bytes: number;
  /** Throws what `add` would throw. */
  check(value: unknown): void;
  /** Adds a value as `map` emitted it. */
  add(value: unknown): void;
  /** Adds what `state` of another accumulator returned, after its way through JSON. */
  merge(state: JsonValue): void;
  /** Everything that was added, as JSON. */
  state(): JsonValue;
  /** The result; after no value at all, what SQL has for it: 0 for a count, and null for most others. */
  result(): JsonValue;
}

interface Options {
  /** All that states depend on besides the name. */
  readonly settings?: readonly unknown[];
  /** Whether a state that is a number, a bigint or a string is a value of the kind that `map` emits. */
  readonly statesAreValues?: boolean;
  readonly fold?: PlainFold;
  /**
   * Whether the engine may keep an accumulator for each key that is often emitted. Not if it keeps arrays or objects, which
   * the app may change after it has emitted them. Default: true.
   */
  readonly isLive?: boolean;
}

/** Makes an aggregator of its accumulator. */
export function aggregator<Value extends JsonValue, Result extends JsonValue>(
  name: string,
  create: () => Accumulator,
  { settings = [], statesAreValues = false, fold, isLive = true }: Options = {},
): Aggregator<Value, Result> {
  const mark = markOf(name);
  const accumulated = (key: string, values: Iterable<unknown>) => {
    const accumulator = create();
    let isEmpty = true;
    try {
      for (const value of values) {
        isEmpty = false;
        if (typeof value === "object" && isState(value, mark)) accumulator.merge(value[mark] ?? null);
        else accumulator.add(value);
      }
      if (isEmpty) throw new TypeError(`${name}: key ${shownKey(key)} has no values`);
      return accumulator;
    } catch (error) {
      throw error instanceof UnusableValue ? error.toTypeError(name, key) : error;
    }
  };
  const stateOf = (accumulator: Accumulator): JsonValue => {
    const state = accumulator.state();
    return statesAreValues && typeof state !== "object" ? state : { [mark]: state };
  };
  const combine = (key: string, values: readonly unknown[]): JsonValue => stateOf(accumulated(key, values));
  const reduce = (key: string, values: Iterable<unknown>): JsonValue => {
    const accumulator = accumulated(key, values);
    try {
      return accumulator.result();
    } catch (error) {
      throw error instanceof UnusableValue ? error.toTypeError(name, key) : error;
    }
  };
  const call = (key: string, values: Iterable<unknown>): JsonValue => reduce(key, values);
  if (fold !== undefined) Object.defineProperty(combine, plainFold, { value: fold });
  const described = `${name} ${JSON.stringify(settings)}`;
  for (const each of [call, combine]) Object.defineProperty(each, description, { value: described });
  if (isLive) {
    Object.defineProperty(combine, liveFold, {
      value: (key: string) => new AggregatorFold(name, key, create, stateOf),
    });
  }
  Object.defineProperty(call, combineOf, { value: combine });
  Object.defineProperty(call, definition, { value: { name, described, create, isLive } satisfies Definition });
  // The two are enumerable, for `...stats`.
  return Object.assign(call, { combine, reduce }) as unknown as Aggregator<Value, Result>;
}

class AggregatorFold implements LiveFold {
  readonly #name: string;
  readonly #key: string;
  readonly #create: () => Accumulator;
  readonly #stateOf: (accumulator: Accumulator) => JsonValue;
  #accumulator: Accumulator;

  constructor(name: string, key: string, create: () => Accumulator, stateOf: (accumulator: Accumulator) => JsonValue) {
    this.#name = name;
    this.#key = key;
    this.#create = create;
    this.#stateOf = stateOf;
    this.#accumulator = create();
  }

  get bytes(): number {
    return this.#accumulator.bytes;
  }

  add(value: unknown): void {
    try {
      this.#accumulator.add(value);
    } catch (error) {
      throw error instanceof UnusableValue ? error.toTypeError(this.#name, this.#key) : error;
    }
  }

  take(): JsonValue {
    const state = this.#stateOf(this.#accumulator);
    this.#accumulator = this.#create();
    return state;
  }
}

/** The name of the property that holds a state. */
export function markOf(name: string): string {
  return `mr:${name}`;
}

function isState(value: object | null, mark: string): value is Readonly<Record<string, JsonValue>> {
  if (value === null || !Object.hasOwn(value, mark)) return false;
  for (const property in value) if (property !== mark) return false;
  return true;
}
