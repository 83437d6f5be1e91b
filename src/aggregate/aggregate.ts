import type { JsonValue } from "../app/contract.js";
import { aggregator, definition, markOf, type Accumulator, type Aggregator, type Definition } from "./aggregator.js";
import { shownValue, UnusableValue } from "./unusable-value.js";

/** The values that an aggregator takes. */
type ValueOf<Part> = Part extends { readonly reduce: (key: string, values: Iterable<infer Value>) => unknown }
  ? Value
  : never;
type ResultOf<Part> = Part extends (...args: never) => infer Result ? Result : never;

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- Each part has types of its own.
type Parts = Readonly<Record<string, Aggregator<any, any>>>;

/** Objects with a value for each part; null is no value. */
type ValueOfParts<P extends Parts> = { readonly [Name in keyof P]: ValueOf<P[Name]> | null };
/** Objects with the result of each part; null, 0 or an empty array for a part that had no value. */
type ResultOfParts<P extends Parts> = { readonly [Name in keyof P]: ResultOf<P[Name]> | null };

/**
 * Aggregates each property of the emitted objects on its own.
 *
 *     // ctx.emit(row.country, { orders: null, total: Number(row.price), customers: row.customer })
 *     export const { combine, reduce } = aggregate({ orders: count, total: sum, customers: distinct });
 *
 * Every emitted object must have exactly these properties; null in one is no value, as in SQL. The result is an object
 * with the same properties.
 */
export function aggregate<const P extends Parts>(parts: P): Aggregator<ValueOfParts<P>, ResultOfParts<P>> {
  const definitions = Object.entries(parts).map(([name, part]) => {
    const found = (part as Partial<Pick<Aggregator<never, never>, typeof definition>> | undefined)?.[definition];
    if (found === undefined) throw new TypeError(`aggregate: ${name} must be an aggregator, such as sum or topK(10)`);
    return [name, found] as const;
  });
  if (definitions.length === 0) throw new TypeError("aggregate: it needs at least one part, such as { total: sum }");
  if (Object.hasOwn(parts, markOf("aggregate"))) throw new TypeError(`aggregate: ${markOf("aggregate")} is reserved`);
  const names = new Set(Object.keys(parts));
  return aggregator<ValueOfParts<P>, ResultOfParts<P>>("aggregate", () => new PartsAccumulator(definitions, names), {
    settings: definitions.map(([name, { described }]) => [name, described]),
    isLive: definitions.every(([, { isLive }]) => isLive),
  });
}

class PartsAccumulator implements Accumulator {
  readonly #parts: readonly Part[];
  readonly #names: ReadonlySet<string>;

  constructor(definitions: readonly (readonly [string, Definition])[], names: ReadonlySet<string>) {
    this.#names = names;
    this.#parts = definitions.map(([name, { create }]) => ({ name, accumulator: create(), isEmpty: true }));
  }

  get bytes(): number {
    let bytes = 100;
    for (const { accumulator } of this.#parts) bytes += accumulator.bytes;
    return bytes;
  }

  check(value: unknown): void {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new UnusableValue(`is ${shownValue(value)}, but aggregate takes objects with ${this.#shownNames()}`);
    }
    for (const property in value) {
      if (this.#names.has(property)) continue;
      throw new UnusableValue(`has ${property}, but aggregate takes objects with ${this.#shownNames()}`);
    }
    for (const { name, accumulator } of this.#parts) {
      const own = Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
      if (own === undefined) throw new UnusableValue(`has no ${name}; emit null for no value`);
      if (own === null) continue;
      if (typeof own === "bigint") {
        throw new UnusableValue(`is ${shownValue(own)}, which an object cannot hold`).within(name);
      }
      try {
        accumulator.check(own);
      } catch (error) {
        throw error instanceof UnusableValue ? error.within(name) : error;
      }
    }
  }

  add(value: unknown): void {
    this.check(value);
    const object = value as Readonly<Record<string, unknown>>;
    for (const part of this.#parts) {
      const own = object[part.name];
      if (own === null) continue;
      part.accumulator.add(own);
      part.isEmpty = false;
    }
  }

  merge(state: JsonValue): void {
    const states = state as readonly JsonValue[];
    this.#parts.forEach((part, index) => {
      const own = states[index] ?? null;
      if (own === null) return;
      inside(part, () => part.accumulator.merge(own));
      part.isEmpty = false;
    });
  }

  state(): JsonValue {
    return this.#parts.map(({ accumulator, isEmpty }) => (isEmpty ? null : accumulator.state()));
  }

  result(): JsonValue {
    return Object.fromEntries(this.#parts.map((part) => [part.name, inside(part, () => resultIn(part))]));
  }

  #shownNames(): string {
    return [...this.#names].join(", ");
  }
}

interface Part {
  readonly name: string;
  readonly accumulator: Accumulator;
  isEmpty: boolean;
}

function resultIn({ accumulator }: Part): JsonValue {
  const result = accumulator.result();
  if (typeof result !== "bigint") return result;
  throw new UnusableValue(
    `is ${shownValue(result)}, which an object cannot hold; aggregate it by itself, or in a larger unit`,
  );
}

/** Calls a function; an UnusableValue from it is inside this part. */
function inside<Result>({ name }: Part, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    throw error instanceof UnusableValue ? error.within(name) : error;
  }
}
