import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../src/app/contract.js";
import { RowTable, type RowTableOptions } from "../../../src/shuffle/collect/row-table.js";

const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(-0));
const key = fc.oneof(fc.constantFrom("hot", "warm", "", "__proto__"), fc.string({ unit: "binary", maxLength: 20 }));
const loneSurrogate = fc.constant("a\ud800b");

/** Adds a pair as an app would. */
function add(table: RowTable, name: string, value: unknown): void {
  const part = table.add(name, value);
  expect(part).toBeGreaterThanOrEqual(0);
  if (table.isFull(part)) table.takeIn(part);
}

/** A table that folds values into what `results` returns, and the pairs that left the table. */
function tableWith(options: Partial<RowTableOptions>, results = (values: JsonValue[]): JsonValue[] => values) {
  const kept: [string, JsonValue][] = [];
  const folds: number[] = [];
  const table = new RowTable(
    {
      keep: (name, value) => kept.push([name, value]),
      fold: (_, values) => {
        folds.push(values.length);
        return results(values);
      },
    },
    { width: 0, bytesMax: 2 ** 20, keysMax: 1000, keepsFirst: false, hashSeed: 1, ...options },
  );
  const keptOf = (name: string) => kept.filter(([each]) => each === name).map(([, value]) => value);
  return { table, kept, folds, keptOf };
}

describe("a table of rows", () => {
  it("gives on the values of each key in their order and as JSON keeps them, with any room", () => {
    const rows = fc.integer({ min: 0, max: 16 }).chain((width) =>
      fc.record({
        width: fc.constant(width),
        pairs: fc.array(
          fc.tuple(
            fc.oneof({ weight: 9, arbitrary: key }, loneSurrogate),
            width === 0 ? number : fc.array(number, { minLength: width, maxLength: width }),
          ),
          { maxLength: 200 },
        ),
        bytesMax: fc.constantFrom(0, 3000, 2 ** 20),
        keysMax: fc.constantFrom(1, 5, 1000),
        keepsFirst: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(rows, ({ pairs, ...options }) => {
        const { table, kept, keptOf } = tableWith(options);
        // Emptied twice, so that the second half finds a table that was in use.
        for (const half of [pairs.slice(0, pairs.length / 2), pairs.slice(pairs.length / 2)]) {
          for (const [name, value] of half) add(table, name, value);
          table.empty();
          expect([table.keys, table.hits, table.misses]).toEqual([0, 0, 0]);
        }
        expect(kept).toHaveLength(pairs.length);
        for (const name of new Set(pairs.map(([each]) => each))) {
          const values = pairs.filter(([each]) => each === name).map(([, value]) => value);
          expect(keptOf(name)).toEqual(JSON.parse(JSON.stringify(values)));
        }
      }),
    );
  });

  it("takes the same key from a string and from bytes", () => {
    const { table, keptOf } = tableWith({});
    const names = ["k", "a long key in UTF-8: ÄÖÜ", ""];
    for (const [n, name] of [...names, ...names].entries()) {
      const bytes = Buffer.from(`<${name}>`);
      if (n < names.length) add(table, name, n);
      else expect(table.addBytes(bytes, 1, bytes.length - 1, n)).toBeGreaterThanOrEqual(0);
    }
    table.empty();
    expect(names.map(keptOf)).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
  });

  it("folds a few values at a time, with earlier results first", () => {
    const { table, kept, folds } = tableWith({ width: 2 }, (values) => {
      const all = values as [number, number][];
      return [[Math.max(...all.map(([last]) => last)), all.reduce((sum, [, count]) => sum + count, 0)]];
    });
    for (let n = 0; n < 10_000; n++) add(table, `k${n % 3}`, [n, 1]);
    expect(table.isUseful).toBe(true);
    table.empty();
    expect(new Map(kept)).toEqual(
      new Map([
        ["k0", [9999, 3334]],
        ["k1", [9997, 3333]],
        ["k2", [9998, 3333]],
      ]),
    );
    expect(Math.max(...folds)).toBe(32);
  });

  it.each<[string, (values: JsonValue[]) => JsonValue[]]>([
    ["no rows", (values) => [{ all: values }]],
    ["rows of another length", (values) => [values.flat()]],
    ["rows among other values", (values) => [[1, 1], "other", values.length]],
    ["as many rows", (values) => values],
  ])("says when folding yields %s, and gives on the results in their order", (_, results) => {
    const { table, keptOf } = tableWith({ width: 2 }, results);
    const before = Array.from({ length: 32 }, (_unused, n) => [n, n]);
    for (const value of before) add(table, "k", value);
    expect(table.isUseful).toBe(false);
    expect(keptOf("k")).toEqual(results(before));
    add(table, "k", [-1, -1]);
    table.empty();
    expect(keptOf("k")).toEqual([...results(before), [-1, -1]]);
  });

  it("gives out arrays that its user may change and keep", () => {
    const seen: number[][] = [];
    const { table } = tableWith({ width: 2 }, (values) => {
      for (const value of values as number[][]) {
        seen.push(value);
        value.push(9);
      }
      return [[0, 0]];
    });
    const reused = [0, 0];
    for (let n = 0; n < 64; n++) {
      reused[0] = n;
      add(table, "k", reused);
    }
    table.empty();
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.every((value) => value.length === 3)).toBe(true);
  });

  it.each([
    [NaN],
    [Infinity],
    ["1"],
    [null],
    [[1]],
    [[1, 2, 3]],
    [[1, NaN]],
    [[1, "2"]],
    [Object.assign([1, 2], { toJSON: () => 0 })],
  ])("rejects %j and stays as it was", (value) => {
    const { table, kept } = tableWith({ width: 2 });
    add(table, "k", [1, 2]);
    expect(table.add("k", value)).toBe(-1);
    table.empty();
    expect(kept).toEqual([["k", [1, 2]]]);
  });

  it("keeps each key's first value outside at once, if it must, and forgets a key whose value was rejected", () => {
    let isRejected = true;
    const kept: [string, JsonValue][] = [];
    const owner = {
      keep: (name: string, value: JsonValue) => {
        if (isRejected) throw new RangeError("bad partition");
        kept.push([name, value]);
      },
      fold: (_: string, values: JsonValue[]) => values,
    };
    const table = new RowTable(owner, { width: 0, bytesMax: 2 ** 20, keysMax: 9, keepsFirst: true, hashSeed: 1 });
    expect(() => add(table, "k", 1)).toThrow("bad partition");
    isRejected = false;
    for (const n of [2, 3]) add(table, "k", n);
    expect(kept).toEqual([["k", 2]]);
    table.empty();
    expect(kept).toEqual([
      ["k", 2],
      ["k", 3],
    ]);
  });
});
