import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { summaryOfTexts, summaryOfValues } from "../../../src/local/peek/column-types.js";

describe("a column of texts", () => {
  it.each<[string, string[]]>([
    ["integer", ["1", "-20", "+3", "0", "9007199254740993"]],
    ["integer", [" 1 ", "", "2"]],
    ["number", ["1", "2.5", "-.5", "1e6", "3."]],
    ["text", ["01234", "99999"]],
    ["text", ["1,000", "2,000"]],
    ["text", ["0x10"]],
    ["text", ["1.2.3"]],
    ["text", ["Infinity", "NaN"]],
    ["boolean", ["true", "FALSE", "yes", "No"]],
    ["integer", ["0", "1"]],
    ["date", ["2024-02-29", "1999-12-31"]],
    ["date", ["2024-02-29T23:59:60Z", "2024-01-01 10:00:00.123 +0200", "2024-01-01 10:00"]],
    ["date", ["31.12.2024", "1.1.2025"]],
    ["date", ["12/31/2024"]],
    ["date", ["31/12/2024"]],
    ["date", ["2024/1/31"]],
    ["text", ["2023-02-29"]],
    ["text", ["2024-13-01", "2024-01-01"]],
    ["text", ["2024-01-01 25:00"]],
    ["text", ["a", "1"]],
    ["text", ["a"]],
    ["empty", ["", "  "]],
    ["empty", []],
  ])("is %s if it has %j", (type, values) => {
    expect(summaryOfTexts(values).type).toBe(type);
  });

  it("keeps its type with a few exceptions, and names the first", () => {
    const numbers = Array.from({ length: 100 }, (_, n) => String(n));
    expect(summaryOfTexts([...numbers, "N/A", "", "n/a"])).toEqual({
      ...{
        type: "integer",
        count: 103,
        emptyCount: 1,
        distinct: 103,
        hasLineEnds: false,
        exceptions: 2,
        exception: "N/A",
      },
    });
    expect(summaryOfTexts([...numbers.slice(0, 40), "N/A"]).type).toBe("text");
  });

  it("counts empty and different values", () => {
    expect(summaryOfTexts(["a", "", "a", "b", " "])).toMatchObject({ count: 5, emptyCount: 2, distinct: 4 });
  });

  it("has the type of the numbers that JavaScript prints", () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeInteger(), { minLength: 1 }), (numbers) => {
        expect(summaryOfTexts(numbers.map(String)).type).toBe("integer");
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (numbers) => {
        expect(summaryOfTexts(numbers.map(String)).type).toMatch(/^(?:integer|number)$/);
      }),
    );
    fc.assert(
      fc.property(
        fc.date({ noInvalidDate: true, min: new Date("1000-01-01"), max: new Date("9999-12-31") }),
        (date) => {
          expect(summaryOfTexts([date.toISOString(), date.toISOString().slice(0, 10)]).type).toBe("date");
        },
      ),
    );
  });
});

describe("a column of JSON values", () => {
  it.each<[string, unknown[]]>([
    ["integer", [1, -2, null, undefined]],
    ["integer", [1n, 2]],
    ["number", [1, 2.5]],
    ["boolean", [true, false]],
    ["text", ["a", "1"]],
    ["text", ["1", "2"]],
    ["date", ["2024-01-01", "2024-01-02T00:00:00Z"]],
    ["object", [{ a: 1 }]],
    ["array", [[1], []]],
    ["mixed", [1, "1"]],
    ["empty", [null, undefined, ""]],
  ])("is %s", (type, values) => {
    expect(summaryOfValues(values.map((value) => (value === 1n ? 1 : value))).type).toBe(type);
  });
});
