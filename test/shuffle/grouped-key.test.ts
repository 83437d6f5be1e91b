import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/app/contract.js";
import {
  emittedKeyOf,
  groupedKey,
  groupOf,
  groupStartOf,
  keepGroup,
  type Grouping,
} from "../../src/shuffle/grouped-key.js";
import { hostileKey, jsonValue } from "./hostile-data.js";
import { keyBytes } from "./key-oracle.js";
import { compareCodePoints } from "./shuffle-run.js";

/** Bigints near numbers and far from all numbers. */
const bigint = fc.oneof(
  fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }),
  fc
    .tuple(fc.constantFrom(-1n, 1n), fc.integer({ min: 50, max: 1200 }), fc.integer({ min: -3, max: 3 }))
    .map(([sign, bits, more]) => sign * 2n ** BigInt(bits) + BigInt(more)),
);

const byGroup: Grouping = { groupKey: (key) => key.slice(0, 2), sortValues: undefined };
const byValue: Grouping = { groupKey: undefined, sortValues: true };
const byBoth: Grouping = { groupKey: (key) => key.slice(0, 2), sortValues: true };

/** Numbers, strings, everything else; each in its own order. Written independently of the product. */
function compareValues(a: JsonValue, b: JsonValue): number {
  const isNumber = (value: JsonValue) => typeof value === "number" || typeof value === "bigint";
  const rank = (value: JsonValue) => (isNumber(value) ? 0 : typeof value === "string" ? 1 : 2);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  // JavaScript compares a number and a bigint by their exact values.
  if (isNumber(a) && isNumber(b)) return Number((a as number) > (b as number)) - Number((a as number) < (b as number));
  const text = (value: JsonValue) => (typeof value === "string" ? value : JSON.stringify(value));
  return compareCodePoints(text(a), text(b));
}

const pair = fc.record({
  key: hostileKey,
  value: fc.oneof(jsonValue, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), bigint),
});

function sign(n: number): number {
  return n === 0 ? 0 : n < 0 ? -1 : 1;
}

describe("grouped keys", () => {
  it("are in the order of groups, then of keys, then of values, whatever characters are in them", () => {
    fc.assert(
      fc.property(pair, pair, (a, b) => {
        const order = (grouping: Grouping) => {
          const [left, right] = [a, b].map(({ key, value }) => groupedKey(grouping, key, value));
          return sign(compareCodePoints(left ?? "", right ?? ""));
        };
        const groups = compareCodePoints(a.key.slice(0, 2), b.key.slice(0, 2));
        const keys = compareCodePoints(a.key, b.key);
        const values = compareValues(a.value, b.value);
        expect(order(byGroup)).toBe(sign(groups || keys));
        expect(order(byValue)).toBe(sign(keys || values));
        expect(order(byBoth)).toBe(sign(groups || keys || values));
      }),
      { numRuns: 3000 },
    );
  });

  it("reveal their group and the emitted key", () => {
    fc.assert(
      fc.property(pair, fc.constantFrom(byGroup, byValue, byBoth), ({ key, value }, grouping) => {
        const grouped = groupedKey(grouping, key, value);
        const group = grouping.groupKey?.(key) ?? key;
        expect(groupOf(grouped)).toBe(group);
        expect(emittedKeyOf(grouping, grouped)).toBe(key);
        const bytes = Uint8Array.from(keyBytes(grouped));
        expect(Buffer.from(bytes.subarray(0, keepGroup(bytes)))).toEqual(keyBytes(group));
      }),
      { numRuns: 1000 },
    );
  });

  it("share a beginning exactly within their group", () => {
    fc.assert(
      fc.property(pair, pair, (a, b) => {
        const [left, right] = [a, b].map(({ key, value }) => groupedKey(byBoth, key, value));
        const isSame = a.key.slice(0, 2) === b.key.slice(0, 2);
        expect(right?.startsWith(groupStartOf(left ?? ""))).toBe(isSame);
      }),
    );
  });

  it("contain the group unchanged when it has no spaces", () => {
    expect(groupedKey(byValue, "the", "x")).toBe("the  1x");
    expect(groupedKey(byValue, "a b", 1)).toBe("a Ab  0bff0000000000000");
  });
});

describe("a sort key for values", () => {
  const numbers = [-Infinity, -1e300, -2, -1.5, -5e-324, 0, 5e-324, 1, 2, 10, 1e300, Infinity];

  it("may be any number, and numbers keep their order", () => {
    const grouping: Grouping = { groupKey: undefined, sortValues: (value) => Number(value) };
    const texts = numbers.map((number) => groupedKey(grouping, "k", String(number)));
    expect(texts).toEqual(texts.toSorted());
    expect(new Set(texts).size).toBe(numbers.length);
    expect(groupedKey(grouping, "k", "-0")).toBe(groupedKey(grouping, "k", "0"));
  });

  it.each([NaN, undefined, null, {}, true, Promise.resolve("a")])("is rejected when it is %s", (given) => {
    const grouping: Grouping = { groupKey: undefined, sortValues: () => given as number };
    expect(() => groupedKey(grouping, "k", 1)).toThrow(
      /^sortValues: returned .+ for a value of key "k"; it must return a string or a number$/,
    );
  });

  it("is rejected when it is not a JSON value", () => {
    expect(() => groupedKey(byValue, "k", NaN)).toThrow("emit: JSON cannot hold the value");
  });
});

it.each([1, undefined, Promise.resolve("a")])("rejects %s as a group", (given) => {
  const grouping = { groupKey: () => given as unknown as string, sortValues: undefined };
  expect(() => groupedKey(grouping, "k", 1)).toThrow(/^groupKey: returned .+ for key "k"; it must return a string$/);
});
