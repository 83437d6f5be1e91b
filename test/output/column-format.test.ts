import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/app/contract.js";
import { recordFormat } from "../../src/output/record-format.js";

const columns = ["country", "n", "total"];
const text = fc.string({ unit: fc.constantFrom("a", "é", "😀", '"', ",", "\t", "\n", "\r", "\\", "N", " ", "#", "=") });
const field = fc.oneof(text, fc.integer(), fc.constant(null), fc.boolean(), fc.record({ a: text }));

/** What a reader of a file has in place of a part of a value. */
function stored(part: unknown): string {
  return typeof part === "string" ? part : JSON.stringify(part);
}

describe("csv with columns", () => {
  it("is read by another program as the keys and the parts of the values", () => {
    const rows = fc.array(fc.tuple(text, field, field), { maxLength: 5 });
    fc.assert(
      fc.property(rows, fc.boolean(), (rows, areObjects) => {
        const format = recordFormat({ format: "csv", columns });
        const records = rows.map(([key, n, total]) => {
          return String(format.record("reduce", key, areObjects ? { total, n } : [n, total]));
        });
        const found = parse(`${String(format.header)}${records.join("")}`, { columns: true, record_delimiter: "\n" });
        const expected = rows.map(([country, n, total]) => {
          return { country, n: n === null ? "" : stored(n), total: total === null ? "" : stored(total) };
        });
        expect(found).toEqual(expected);
      }),
    );
  });

  it("has no key if it has only values, whose single column may be any value", () => {
    const format = recordFormat({ format: "csv", columns: ["a,b"], values: true });
    expect(format.header).toBe('"a,b"\n');
    expect(format.record("reduce", "k", 5)).toBe("5\n");
    expect(format.record("reduce", "k", "")).toBe('""\n');
    expect(format.record("reduce", "k", { "a,b": [1, "x"] })).toBe('"[1,""x""]"\n');
    expect(() => format.record("reduce", "k", null)).toThrow(
      'the record of key "k" would be an empty line, which readers skip',
    );
  });
});

describe("tsv with columns", () => {
  it("has a header, and escapes like tsv without", () => {
    const format = recordFormat({ format: "tsv", columns: ["a\tb", "n", "total"] });
    expect(format.header).toBe("a\\tb\tn\ttotal\n");
    expect(format.record("reduce", "k\n", [null, "\t"])).toBe("k\\n\t\\N\t\\t\n");
  });

  it("refuses a record that would be an empty line", () => {
    const format = recordFormat({ format: "tsv", columns: ["a"], values: true });
    expect(() => format.record("reduce", "k", "")).toThrow("would be an empty line");
    expect(format.record("reduce", "k", null)).toBe("\\N\n");
  });
});

describe("a value that does not fit the columns", () => {
  it.each<[JsonValue, string]>([
    [{ n: 1 }, 'it has no field "total"; use null where there is no value'],
    [{ n: 1, total: 2, mean: 2 }, 'it has the field "mean", which is not a column'],
    [[1], "it is an array of 1, for the 2 columns n, total"],
    [5, "it is a number, for the 2 columns n, total; use an object or array"],
    [null, "it is null, for the 2 columns n, total"],
  ])("%j is refused by the name of its key", (value, problem) => {
    const format = recordFormat({ format: "csv", columns });
    expect(() => format.record("reduce", "AT", value)).toThrow(
      `reduce: the value of key "AT" does not fit the columns: ${problem}`,
    );
  });

  it("may have a toJSON, or a name that every object inherits", () => {
    const format = recordFormat({ format: "csv", columns: ["k", "toString"] });
    expect(() => format.record("reduce", "AT", {})).toThrow('it has no field "toString"');
    const value = { toJSON: () => ({ toString: 1 }) } as unknown as JsonValue;
    expect(format.record("reduce", "AT", value)).toBe("AT,1\n");
  });
});

describe("jsonl with only values", () => {
  it("has a value on each line", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const line = String(recordFormat({ format: "jsonl", values: true }).record("reduce", "k", value as JsonValue));
        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(JSON.stringify(JSON.parse(line))).toBe(JSON.stringify(value));
      }),
    );
  });

  it("refuses what JSON cannot hold, by the name of the key", () => {
    const format = recordFormat({ format: "jsonl", values: true });
    expect(() => format.record("reduce", "AT", NaN)).toThrow('reduce: JSON cannot hold the value of key "AT"');
  });
});
