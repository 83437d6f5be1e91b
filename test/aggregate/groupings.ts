import fc from "fast-check";
import type { JsonValue } from "../../src/app/contract.js";
import { storedText, storedValue } from "../../src/shuffle/stored-value.js";

interface Combining {
  readonly combine: (key: string, values: readonly never[]) => unknown;
  readonly reduce: (key: string, values: readonly never[]) => unknown;
}

/** Calls of `combine`: each takes some of the values, from a place on, and puts its result at another place. */
export const groupings = fc.array(
  fc.record({ from: fc.nat(1000), length: fc.integer({ min: 1, max: 12 }), to: fc.nat(1000) }),
  { maxLength: 30 },
);

type Grouping = (typeof groupings extends fc.Arbitrary<infer Calls> ? Calls : never)[number];

/** The result of `reduce` after these calls of `combine`, with values as they come out of files. */
export function reducedAfter(
  { combine, reduce }: Combining,
  values: readonly JsonValue[],
  calls: readonly Grouping[],
): unknown {
  const left = [...values];
  for (const { from, length, to } of calls) {
    const some = left.splice(from % left.length, length);
    left.splice(to % (left.length + 1), 0, throughFile(combine("k", some as never[])));
  }
  return reduce("k", left as never[]);
}

function throughFile(value: unknown): JsonValue {
  return storedValue(storedText("combine", "k", value));
}
