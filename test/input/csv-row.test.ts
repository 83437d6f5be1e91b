import fc from "fast-check";
import { expect, it } from "vitest";
import { rowMaker } from "../../src/input/csv-row.js";

const name = fc.oneof(
  fc.constantFrom("a", "", "__proto__", "constructor", "toString", '"', "'", "\\", "\n", "\u2028", "${a}", "`", "]: x"),
  fc.string({ unit: "binary", maxLength: 5 }).filter((text) => !/^\d+$/.test(text)),
);
/** From a few columns to more than are compiled. */
const names = fc.oneof(
  fc.uniqueArray(name, { minLength: 1, maxLength: 12 }),
  fc.integer({ min: 250, max: 600 }).map((count) => Array.from({ length: count }, (_, n) => `column ${n}`)),
);

it("makes plain objects with the columns in their order, from slices of a text and from fields", () => {
  const run = (columns: string[], values: string[]) => {
    const fields = columns.map((_, n) => values[n % values.length] ?? "");
    const text = fields.join(",");
    const ends = fields.map((_, n) => fields.slice(0, n + 1).join(",").length);
    const starts = fields.map((field, n) => (ends[n] ?? 0) - field.length);
    const { fromSlices, fromFields } = rowMaker(columns);
    for (const row of [fromSlices(text, Int32Array.from(starts), Int32Array.from(ends)), fromFields(fields)]) {
      expect(Object.entries(row)).toEqual(columns.map((column, n) => [column, fields[n]]));
      expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
      expect(JSON.stringify({ ...row })).toBe(JSON.stringify(row));
      for (const column of columns)
        expect(Object.getOwnPropertyDescriptor(row, column)).toMatchObject({ writable: true, configurable: true });
    }
  };
  fc.assert(fc.property(names, fc.array(fc.string(), { minLength: 1, maxLength: 5 }), run), { numRuns: 200 });
});

it("keeps the maker for files with the same columns, and for no others", () => {
  const maker = rowMaker(["a", "b"]);
  expect(rowMaker(["a", "b"])).toBe(maker);
  for (const columns of [["b", "a"], ["a"], ["a", "b", "c"]]) {
    const row = rowMaker(columns).fromFields(["1", "2", "3"]);
    expect(Object.keys(row)).toEqual(columns);
  }
});

it("makes the same objects where Node.js must not compile strings", () => {
  const { Function: compile } = globalThis;
  const columns = ["b", "__proto__", "a"];
  const expected = Object.entries(rowMaker(columns).fromFields(["1", "2", "3"]));
  // So that the maker is not kept.
  rowMaker(["other"]);
  try {
    globalThis.Function = function () {
      throw new EvalError("Code generation from strings disallowed for this context");
    } as never;
    const row = rowMaker(columns).fromFields(["1", "2", "3"]);
    expect(Object.entries(row)).toEqual(expected);
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
  } finally {
    globalThis.Function = compile;
  }
});
