import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordFields } from "../../../src/local/cat/record-fields.js";
import { TopRecords, type Top } from "../../../src/local/cat/top-records.js";

const tsv = recordFields("tsv") ?? raise();

function raise(): never {
  throw new Error("tsv has keys");
}

const pairs = fc.array(
  fc.tuple(fc.string({ unit: fc.constantFrom("a", "b", "é", "z") }), fc.integer({ min: -3, max: 3 })),
);

describe("the top records", () => {
  it.each<[Top["by"], (a: [string, number], b: [string, number]) => number]>([
    ["value", ([keyA, a], [keyB, b]) => b - a || Buffer.compare(Buffer.from(keyA), Buffer.from(keyB))],
    ["key", ([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))],
  ])("by %s are the first ones of all when they are sorted", (by, compare) => {
    fc.assert(
      fc.property(pairs, fc.integer({ min: 1, max: 5 }), (all, count) => {
        // The test has no equal values, whose order would be unspecified.
        const distinct = [...new Map(all.map((pair) => [by === "key" ? pair[0] : pair.join(" "), pair])).values()];
        const top = new TopRecords<number>({ count, by });
        for (const pair of distinct) top.add(Buffer.from(`${pair.join("\t")}\n`), tsv, 0);
        const expected = distinct.sort(compare).slice(0, count);
        expect(top.records().map(({ record }) => String(record))).toEqual(
          expected.map((pair) => `${pair.join("\t")}\n`),
        );
      }),
    );
  });

  it("skip and count records whose value is not a number, and keep copies", () => {
    const top = new TopRecords<number>({ count: 9, by: "value" });
    const lent = Buffer.from("a\t1\n");
    top.add(lent, tsv, 0);
    lent.fill("x");
    top.add(Buffer.from("b\tmany\n"), tsv, 0);
    expect([top.records().map(({ record }) => String(record)), top.withoutNumber]).toEqual([["a\t1\n"], 1]);
  });
});
