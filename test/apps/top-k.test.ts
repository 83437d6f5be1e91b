import fc from "fast-check";
import { expect, test } from "vitest";
import * as topK from "../../apps/top-k.js";
import { runApp } from "./run-app.js";

test.each<[string, string, string, string[]]>([
  ["nothing in an empty file", "", "3", []],
  ["the greatest numbers, in their order", "a 1\nb 3\nc 2\n", "2", ["b 3", "c 2"]],
  ["all lines when there are fewer", "a 1\nb 2", "3", ["b 2", "a 1"]],
  ["equal numbers by key, in the order of UTF-8", "\u{1d4b3} 1\n\uff41 1\nb 1\na 1", "3", ["a 1", "b 1", "\uff41 1"]],
  ["keys with spaces, and tabs before the number", "to be 2\nor not\t3\r\n", "2", ["or not 3", "to be 2"]],
  ["an empty key", " 5\nx 1\n", "1", [" 5"]],
  ["numbers below zero and with fractions", "a -1\nb 0.5\nc 1e2", "3", ["c 100", "b 0.5", "a -1"]],
])("top-k finds %s", (_what, text, k, expected) => {
  expect(runApp(topK, [["f", text]], { k })).toEqual(expected);
});

test("top-k finds ten unless it is told otherwise, in all splits and files together", () => {
  const pieces = Array.from({ length: 12 }, (_, n) => [`f${n}`, `key${n} ${n}\n`] as const);
  expect(runApp(topK, pieces)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((n) => `key${n} ${n}`));
});

test("top-k counts lines without a number", () => {
  const counters = {};
  expect(runApp(topK, [["f", "a\na b\n\na NaN\n1\na Infinity\na 1"]], {}, counters)).toEqual(["a 1"]);
  expect(counters).toEqual({ "malformed lines": 5 });
});

test("top-k finds the same as a sort of everything, however the lines are cut into splits", () => {
  const lines = fc.array(fc.tuple(fc.string({ unit: fc.constantFrom("a", "b", "é") }), fc.integer({ min: 0, max: 9 })));
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 7 }), (all, k, length) => {
      const text = all.map(([key, number]) => `${key} ${number}`);
      const pieces = Array.from({ length: Math.ceil(text.length / length) }, (_, n) => {
        return ["f", text.slice(n * length, (n + 1) * length).join("\n")] as const;
      });
      const sorted = all.toSorted(([a, n], [b, m]) => m - n || Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const expected = sorted.slice(0, k).map(([key, number]) => `${key} ${number}`);
      expect(runApp(topK, pieces, { k: String(k) })).toEqual(expected);
    }),
  );
});
