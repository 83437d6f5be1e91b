/**
 * Expected values were computed by Python 3.11 (`math.fsum`, `statistics.mean`, `statistics.stdev`, which are exact up to
 * the last rounding) and DuckDB 1.4.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Combine } from "../../src/app/combine.js";
import type { JsonValue } from "../../src/app/contract.js";
import { liveFoldOf } from "../../src/app/plain-fold.js";
import {
  aggregate,
  count,
  distinct,
  max,
  mean,
  min,
  mostFrequent,
  quantiles,
  stats,
  sum,
  topK,
} from "../../src/index.js";
import { groupings, reducedAfter } from "./groupings.js";

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
/** Magnitudes whose sums, and sums of squares, a double can hold. */
const moderate = fc.double({ noNaN: true, min: -1e150, max: 1e150 }).map((value) => value + 0);
const integers = fc.oneof(fc.maxSafeInteger(), fc.integer()).map((value) => value + 0);
const scalars = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.bigInt({ min: -9n, max: 2n ** 70n }),
  fc.boolean(),
  fc.constant(null),
);
const texts = fc.oneof(fc.constantFrom("a", "b", "1", "\uffff", "\u{1f40b}"), fc.integer({ max: 3 }), fc.boolean());
const rows = fc.record({ bytes: moderate, name: fc.constantFrom("a", "b", "é", "\u{1f40b}", "\uffff") });
const parts = {
  orders: count,
  total: sum,
  worst: max,
  pages: mostFrequent(2),
  people: distinct.approximate(),
  spread: stats,
  last: aggregate({ top: topK(2) }),
};
const objects = fc.record({
  orders: fc.constantFrom(null, 1),
  total: fc.oneof(fc.integer(), fc.constant(null)),
  worst: fc.oneof(moderate, fc.constant(null)),
  pages: texts,
  people: fc.string(),
  spread: moderate,
  last: fc.record({ top: fc.oneof(moderate, fc.constant(null)) }),
});

const cases: [name: string, Parameters<typeof reducedAfter>[0], fc.Arbitrary<JsonValue>][] = [
  ["sum of integers", sum, integers],
  ["sum of integers and bigints", sum, fc.oneof(integers, fc.bigInt())],
  ["sum of fractions", sum, fc.oneof(moderate, integers)],
  ["sum of fractions and bigints", sum, fc.oneof(moderate, fc.bigInt({ max: 2n ** 80n }))],
  ["count", count, scalars],
  ["min", min, fc.oneof(finite, fc.bigInt())],
  ["max", max, fc.oneof(finite, fc.bigInt({ min: -5n, max: 5n }), fc.integer({ min: -5, max: 5 }))],
  ["max of strings", max, fc.string({ unit: "binary" })],
  ["mean", mean, finite],
  ["stats", stats, moderate],
  ["stats of integers", stats, integers],
  ["topK", topK(3), fc.oneof(finite, fc.integer({ min: 0, max: 5 }))],
  ["topK of objects", topK(3, { by: "bytes" }), rows],
  ["mostFrequent", mostFrequent(3), texts],
  ["distinct", distinct, scalars],
  ["approximate distinct", distinct.approximate(), scalars],
  ["quantiles", quantiles([0, 0.1, 0.5, 0.99, 1]), fc.oneof(finite, fc.integer({ min: -3, max: 3 }))],
  ["aggregate", aggregate(parts), objects],
];

describe("an aggregator", () => {
  it.each(cases)("gives the same result however often values were combined before: %s", (_, aggregator, value) => {
    const property = fc.property(fc.array(value, { minLength: 1, maxLength: 100 }), groupings, (values, calls) => {
      expect(reducedAfter(aggregator, values, calls)).toEqual(aggregator.reduce("k", values as never[]));
    });
    fc.assert(property, { numRuns: 300 });
  });

  it("can be called itself, like its reduce", () => {
    expect(sum("k", [1, 2])).toBe(3);
    expect(stats("k", new Set([5]))).toEqual({ count: 1, min: 5, max: 5, sum: 5, mean: 5, stddev: null });
    expect({ ...distinct }).toEqual({ combine: distinct.combine, reduce: distinct.reduce });
  });

  it.each([
    [sum, ["12.5"], `sum: for key "Oslo" value is "12.5", a string, but sum takes numbers; convert it with Number(…)`],
    [sum, [1, "n/a"], `sum: for key "Oslo" value is "n/a", a string, but sum takes numbers`],
    [sum, [null], `sum: for key "Oslo" value is null, but sum takes numbers`],
    [sum, [NaN], `sum: for key "Oslo" value is NaN, but sum takes numbers`],
    [sum, [undefined], `sum: for key "Oslo" value is undefined, but sum takes numbers`],
    [sum, [[1, 2]], `sum: for key "Oslo" value is [1,2], an array, but sum takes numbers`],
    [
      sum,
      [1e308, 1e308],
      `sum: for key "Oslo" value has a sum beyond 1.7976931348623157e+308, which a number cannot hold`,
    ],
    [mean, [Infinity], `mean: for key "Oslo" value is Infinity, but mean takes numbers`],
    [mean, [5n], `mean: for key "Oslo" value is 5n, a bigint, but mean takes numbers; convert it with Number(…)`],
    [mean, [], `mean: key "Oslo" has no values`],
    [
      mean,
      [stats.combine("Oslo", [1])],
      /^mean: for key "Oslo" value is \{"mr:stats":\[.*\]\}, an object, but mean takes num/,
    ],
    [
      count,
      [{ a: 1 }],
      /^count: for key "Oslo" value is \{"a":1\}, an object, but count takes no arrays and objects; emit null/,
    ],
    [min, ["a", 1], `min: for key "Oslo" value is 1, but another is "a", a string; min cannot compare them`],
    [max, [true], `max: for key "Oslo" value is true, but max takes numbers or strings`],
    [topK(3), ["a"], /^topK: for key "Oslo" value is "a", a string, but topK takes numbers; .* mostFrequent\(k\)$/],
    [topK(3, { by: "n" }), [{ n: "1" }], /^topK: for key "Oslo" value.n is "1", a string, but topK orders by it/],
    [topK(3, { by: "n" }), [{}], /^topK: for key "Oslo" value.n is undefined, but topK orders by it/],
    [topK(3, { by: "n" }), [3], /^topK: for key "Oslo" value is 3, but topK takes objects with the property "n"$/],
    [
      mostFrequent(3),
      [5n],
      /^mostFrequent: for key "Oslo" value is 5n, a bigint, which the result cannot hold; use String/,
    ],
    [
      distinct,
      [["a"]],
      /^distinct: for key "Oslo" value is \["a"\], an array, but distinct takes no arrays and objects; use/,
    ],
    [quantiles([0.5]), ["1"], /^quantiles: for key "Oslo" value is "1", a string, but quantiles takes numbers/],
    [
      aggregate(parts),
      [5],
      /^aggregate: for key "Oslo" value is 5, but aggregate takes objects with orders, total, worst/,
    ],
    [aggregate({ a: sum, b: sum }), [{ a: 1 }], `aggregate: for key "Oslo" value has no b; emit null for no value`],
    [
      aggregate({ a: sum }),
      [{ a: 1, c: 2 }],
      `aggregate: for key "Oslo" value has c, but aggregate takes objects with a`,
    ],
    [
      aggregate({ in: aggregate({ "a b": sum }) }),
      [{ in: { "a b": "x" } }],
      `aggregate: for key "Oslo" value.in["a b"] is "x", a string, but sum takes numbers`,
    ],
    [
      aggregate({ a: sum }),
      [{ a: 2 ** 53 - 1 }, { a: 1 }],
      /value\.a is 9007199254740992n, a bigint, which an object cannot hold/,
    ],
  ])("names the key and a value that it cannot take: %#", (aggregator, values, message) => {
    const { reduce } = aggregator as unknown as { reduce: (key: string, values: readonly unknown[]) => unknown };
    expect(() => reduce("Oslo", values)).toThrow(typeof message === "string" ? new TypeError(message) : message);
  });

  it("rejects bad options", () => {
    expect(() => topK(0)).toThrow("topK: k must be a whole number from 1 on, not 0");
    expect(() => topK("5" as never)).toThrow(`not "5", a string`);
    expect(() => topK(5, { by: 1 as never })).toThrow("topK: by must be the name of a property, not 1");
    expect(() => mostFrequent(1.5)).toThrow("mostFrequent: k must be a whole number");
    expect(() => quantiles([])).toThrow("quantiles: it takes an array of numbers from 0 to 1");
    expect(() => quantiles([50])).toThrow("not [50], an array");
    expect(() => quantiles([0.5], { accuracy: 0 })).toThrow("accuracy must be a number from 0.0001 to 0.5, not 0");
    expect(() => distinct.approximate({ precision: 9 })).toThrow(
      "precision must be a whole number from 10 to 18, not 9",
    );
    expect(() => aggregate({ a: 5 as never })).toThrow("aggregate: a must be an aggregator");
    expect(() => aggregate({})).toThrow("aggregate: it needs at least one part");
  });
});

describe("sum", () => {
  it("adds fractions as if with any precision, and rounds once", () => {
    expect(sum("k", Array<number>(10).fill(0.1))).toBe(1);
    expect(sum("k", [1e308, 1e308, -1e308])).toBe(1e308);
    expect(sum("k", [1e300, 1e-300, -1e300])).toBe(1e-300);
    expect(sum("k", mixed(1900, 1000))).toBe(4.23474036775154e270);
    expect(sum("k", mixed(900, 450))).toBe(2.70293171113433e135);
    expect(sum("k", sample)).toBe(2245591.285714286);
    expect(sum("k", [5e-324, 5e-324])).toBe(1e-323);
  });

  it("keeps every digit of integers", () => {
    expect(sum("k", [2 ** 53 - 1, 1])).toBe(2n ** 53n);
    expect(sum("k", [2 ** 53 - 1, 5, -10])).toBe(2 ** 53 - 6);
    expect(sum("k", [5n, 6])).toBe(11);
    expect(sum("k", [9100521604143693812n, 9100521604143693813n, 5])).toBe(18201043208287387630n);
    const values = fc.array(integers, { minLength: 1 });
    fc.assert(
      fc.property(values, (numbers) => {
        const expected = numbers.reduce((total, value) => total + BigInt(value), 0n);
        expect(BigInt(sum("k", numbers))).toBe(expected);
      }),
    );
  });

  it("rounds to the number nearest to the exact sum", () => {
    // Multiples of 2^-40 below 2^40 have a sum that an integer can hold.
    const unit = 2 ** -40;
    const fractions = fc.array(fc.maxSafeInteger(), { minLength: 1 });
    fc.assert(
      fc.property(fractions, (numbers) => {
        const exact = numbers.reduce((total, value) => total + BigInt(value), 0n);
        expect(Number(sum("k", [...numbers.map((value) => value * unit), 0.5, -0.5]))).toBe(Number(exact) * unit + 0);
      }),
    );
  });
});

describe("count, min and max", () => {
  it("count all values", () => {
    expect(count("k", [null, 1, "a", 5n, false, 0])).toBe(6);
  });

  it("order numbers by size and strings by their UTF-8 bytes", () => {
    expect([min("k", [3, -1, 2.5]), max("k", [3, -1, 2.5])]).toEqual([-1, 3]);
    expect([min("k", [3, 2n ** 60n]), max("k", [3, 2n ** 60n])]).toEqual([3, 2n ** 60n]);
    expect([max("k", [3n, 3]), min("k", [3, 3n])]).toEqual([3, 3]);
    expect(max("k", ["a", "\uffff", "\u{1f40b}", "é"])).toBe("\u{1f40b}");
    expect(min("k", ["b", "", "a"])).toBe("");
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }), (strings) => {
        const bytes = strings.map((text) => Buffer.from(text)).sort((a, b) => Buffer.compare(a, b));
        expect(min("k", strings)).toBe(bytes[0]?.toString());
        expect(max("k", strings)).toBe(bytes.at(-1)?.toString());
      }),
    );
  });
});

describe("mean and stats", () => {
  it("equal those of Python", () => {
    expect(stats("k", sample)).toEqual({
      count: 1000,
      min: -5000,
      max: 9279.714285714286,
      sum: 2245591.285714286,
      mean: 2245.5912857142857,
      stddev: 4219.371746862012,
    });
    expect(mean("k", sample)).toBe(2245.5912857142857);
    expect(mean("k", mixed(1900, 1000))).toBe(2.11737018387577e268);
    expect(stats("k", mixed(900, 450))).toMatchObject({ mean: 1.3514658555671652e133, stddev: 2.069533342133378e136 });
    expect(stats("k", [0.1, 0.2, 0.4]).stddev).toBe(0.15275252316519466);
  });

  it("lose nothing where values are large and close together", () => {
    expect(stats("k", [1e8 + 1, 1e8 + 2, 1e8 + 4]).stddev).toBe(1.5275252316519468);
    expect(stats("k", [1e16, 1e16 + 2, 1e16 + 6]).stddev).toBe(3.0550504633038935);
    expect(stats("k", [1e300, 2e300, 4e300]).stddev).toBe(1.5275252316519467e300);
    expect(stats("k", [7.1, 7.1, 7.1])).toMatchObject({ mean: 7.1, stddev: 0 });
    expect(mean("k", [1.5e308, 1.7e308])).toBe(1.6e308);
  });
});

describe("topK and mostFrequent", () => {
  it("put the greatest first, and equal ones in the order of their bytes", () => {
    expect(topK(3)("k", [1, 5, 3, 5, 2])).toEqual([5, 5, 3]);
    expect(topK(9)("k", [1])).toEqual([1]);
    const names = ["b", "\u{1f40b}", "a", "\uffff"].map((name) => ({ name, n: 1 }));
    const top = topK(5, { by: "n" })("k", [...names, { name: "z", n: 2 }]);
    expect(top.map(({ name }) => name)).toEqual(["z", "a", "b", "\uffff", "\u{1f40b}"]);
    expect(mostFrequent(3)("k", ["b", "a", 1, "1", "c", "c"])).toEqual([
      { value: "c", count: 2 },
      { value: 1, count: 1 },
      { value: "1", count: 1 },
    ]);
  });

  it("keep the greatest of many", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 500 }), (values) => {
        expect(topK(7)("k", values)).toEqual(values.toSorted((a, b) => b - a).slice(0, 7));
      }),
    );
  });
});

describe("distinct", () => {
  it("counts values of different types as different", () => {
    expect(distinct("k", [1, 1n, "1", 1, "1", true, "true", null, "null"])).toBe(7);
  });

  it("is exact up to about a thousand values when it is approximate", () => {
    const users = Array.from({ length: 5000 }, (_, n) => `user-${n % 1000}`);
    expect(distinct.approximate()("k", users)).toBe(1000);
  });

  it.each([
    ["names", (n: number) => `user-${n}@example.org`],
    ["numbers", (n: number) => n],
    ["hashes", (n: number) => Math.imul(n, 0x9e3779b1).toString(16)],
    ["fractions", (n: number) => n / 7],
  ])("is within four standard errors for %s when it is approximate", (_, valueOf) => {
    for (const precision of [10, 14]) {
      const approximate = distinct.approximate({ precision });
      for (const size of [1100, 20_000, 200_000]) {
        const values = Array.from({ length: size }, (_unused, n) => valueOf(n));
        const error = approximate("k", values) / size - 1;
        expect(Math.abs(error)).toBeLessThan((4 * 1.04) / Math.sqrt(2 ** precision));
      }
    }
  });

  it("has a standard error of 1.04 / √2^precision", () => {
    const approximate = distinct.approximate({ precision: 10 });
    const squares = Array.from({ length: 200 }, (_, trial) => {
      const values = Array.from({ length: 3000 }, (_unused, n) => `${trial} ${n}`);
      return (approximate("k", values) / 3000 - 1) ** 2;
    });
    const error = Math.sqrt(squares.reduce((a, b) => a + b) / squares.length);
    expect(error * 32).toBeGreaterThan(0.8);
    expect(error * 32).toBeLessThan(1.25);
  });
});

describe("values of an aggregator that stay in memory", () => {
  it.each([
    ["distinct", distinct],
    ["mostFrequent", mostFrequent(3)],
    ["min", min],
    ["max", max],
  ])("do not keep the lines alive that they are slices of: %s", (_, { combine }) => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const newFold = liveFoldOf(combine as Combine);
    const line = "x".repeat(100_000);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    const folds = Array.from({ length: 500 }, (_unused, n) => {
      const fold = newFold?.(`key ${n}`);
      fold?.add(Buffer.from(`value number ${n} ${line}`).toString().slice(0, 20));
      return fold;
    });
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
    expect(folds[0]).toBeDefined();
  });
});

describe("quantiles", () => {
  const fractions = [0, 0.01, 0.25, 0.5, 0.9, 0.999, 1];

  it("names them, and is exact for the least and the greatest value", () => {
    const result = quantiles([0, 0.5, 0.07, 0.999, 1])("k", sample);
    expect(Object.keys(result)).toEqual(["p0", "p50", "p7", "p99.9", "p100"]);
    expect(result).toMatchObject({ p0: -5000, p100: 9279.714285714286 });
    // The median, and the value of rank 998, as Python sorts them.
    expect(Math.abs((result["p50"] ?? 0) / 2161 - 1)).toBeLessThan(0.01);
    expect(Math.abs((result["p99.9"] ?? 0) / 9277.42857142857 - 1)).toBeLessThan(0.01);
  });

  it("keeps to the accuracy for the greatest numbers", () => {
    const values = Array.from({ length: 90 }, (_, n) => (n + 90) * 1e306).concat(Number.MAX_VALUE);
    for (const accuracy of [0.0001, 0.01, 0.3]) {
      values.forEach((exact, rank) => {
        const fraction = Math.min(1, rank / 90 + 1e-12);
        const [estimate = NaN] = Object.values(quantiles([fraction], { accuracy })("k", values));
        expect(Math.abs(estimate / exact - 1)).toBeLessThanOrEqual(accuracy + 1e-9);
        const negative = values.map((value) => -value).reverse();
        const [ofNegative = NaN] = Object.values(quantiles([fraction], { accuracy })("k", negative));
        expect(Math.abs(ofNegative / (negative[rank] ?? NaN) - 1)).toBeLessThanOrEqual(accuracy + 1e-9);
      });
    }
  });

  it("keeps to the accuracy for any numbers", () => {
    const anyOf = fc.array(fc.oneof(finite, fc.integer({ min: -3, max: 3 }), fc.double({ min: 1, max: 2 })), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(anyOf, fc.constantFrom(0.0001, 0.01, 0.2), (given, accuracy) => {
        const values = given.map((value) => (Number.isFinite(value) ? value : 0));
        const sorted = values.toSorted((a, b) => a - b);
        const result = Object.values(quantiles(fractions, { accuracy })("k", values));
        fractions.forEach((fraction, index) => {
          const exact = sorted[Math.floor(fraction * (sorted.length - 1))] ?? 0;
          // The bounds of the buckets are rounded, and numbers below 2^-1022 have fewer digits.
          const tolerance = Math.abs(exact) * (accuracy + 1e-9) + 1e-320;
          expect(Math.abs((result[index] ?? 0) - exact)).toBeLessThanOrEqual(tolerance);
        });
      }),
    );
  });
});

/** The same numbers as in the calculation by Python. */
const sample = Array.from({ length: 1000 }, (_, i) => ((i * i * 7919) % 100003) / 7 - 5000);

/** Numbers of very different magnitudes: `math.ldexp((i * 7919) % 1009 - 500.5, (i * 31) % range - half)`. */
function mixed(range: number, half: number): number[] {
  return Array.from({ length: 200 }, (_, i) => {
    const exponent = ((i * 31) % range) - half;
    return (((i * 7919) % 1009) - 500.5) * 2 ** Math.trunc(exponent / 2) * 2 ** (exponent - Math.trunc(exponent / 2));
  });
}
