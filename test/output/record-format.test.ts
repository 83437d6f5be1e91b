import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/app/contract.js";
import { recordFormat } from "../../src/output/record-format.js";
import type { OutputFormat } from "../../src/model/output-format.js";

const record = (format: OutputFormat, key: string, value: JsonValue) =>
  String(recordFormat({ format }).record("reduce", key, value));

describe("a record", () => {
  it.each<[OutputFormat, string, JsonValue, string]>([
    ["tsv", "a b", 7, "a b\t7\n"],
    ["tsv", "a\tb", "x\ny\r\\", "a\\tb\tx\\ny\\r\\\\\n"],
    ["tsv", "\\N", null, "\\\\N\t\\N\n"],
    ["tsv", "", "", "\t\n"],
    ["tsv", "k", ["\t", 1], 'k\t["\\\\t",1]\n'],
    ["jsonl", 'say "é"', 7, '{"key":"say \\"é\\"","value":7}\n'],
    ["jsonl", "\ud83d", "\ud83d", '{"key":"\\ud83d","value":"\\ud83d"}\n'],
    ["jsonl", "a\nb", { a: [null] }, '{"key":"a\\nb","value":{"a":[null]}}\n'],
    ["jsonl", "", "", '{"key":"","value":""}\n'],
    ["csv", "a b", 7, "a b,7\n"],
    ["csv", "a,b", 'say "x"', '"a,b","say ""x"""\n'],
    ["csv", "", "", '"",""\n'],
    ["csv", "k", null, "k,\n"],
    ["csv", "a\nb", { a: 1 }, '"a\nb","{""a"":1}"\n'],
    ["csv", "cr\r", "-0", '"cr\r",-0\n'],
  ])("in %s of key %j and value %j is %j", (format, key, value, line) => {
    expect(record(format, key, value)).toBe(line);
  });

  it.each<OutputFormat>(["text", "tsv", "jsonl", "csv"])(
    "in %s has a string as key and what JSON can hold",
    (format) => {
      expect(() => record(format, 5 as unknown as string, 1)).toThrow("reduce: a key must be a string, not number 5");
      expect(() => record(format, "mean", NaN)).toThrow(
        'reduce: JSON cannot hold the value of key "mean": value is NaN',
      );
      expect(() => record(format, "none", undefined as unknown as null)).toThrow("is undefined");
    },
  );
});

describe("the output can be read back:", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "😀", '"', ",", "\t", "\n", "\r", "\\", "N", " ", "\0") });

  it("tsv, as PostgreSQL's COPY reads it", () => {
    fc.assert(
      fc.property(text, text, (key, value) => {
        const line = record("tsv", key, value);
        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(line.slice(0, -1).split("\t").map(copied)).toEqual([key, value]);
      }),
    );
  });

  it("csv, as in RFC 4180", () => {
    fc.assert(
      fc.property(text, text, (key, value) => {
        const line = record("csv", key, value);
        const field = /("(?:[^"]|"")*"|[^",\n\r]*)/.source;
        const [, ...fields] = new RegExp(`^${field},${field}\n$`).exec(line) ?? [];
        expect(fields.map((found) => found.replace(/^"(.*)"$/s, "$1").replaceAll('""', '"'))).toEqual([key, value]);
      }),
    );
  });

  it("jsonl, one record per line", () => {
    fc.assert(
      fc.property(text, fc.jsonValue(), (key, value) => {
        const line = record("jsonl", key, value as JsonValue);
        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(JSON.stringify(JSON.parse(line))).toBe(JSON.stringify({ key, value }));
      }),
    );
  });
});

describe("an app's own writer", () => {
  const own = (made: unknown) => recordFormat({}, { extension: "own", record: () => made as string });

  it("may write text or bytes, and nothing else", () => {
    expect(own("x").record("reduce", "k", 1)).toBe("x");
    expect(own(Buffer.from("x")).record("reduce", "k", 1)).toEqual(Buffer.from("x"));
    const message = "writer.record must return a string or a Uint8Array, but returned";
    expect(() => own(undefined).record("reduce", "k", 1)).toThrow(`${message} undefined`);
    expect(() => own(Promise.resolve("x")).record("reduce", "k", 1)).toThrow(`${message} object`);
  });

  it("is called as a method of its object", () => {
    const writer = { extension: "own", mark: "#", record: (key: string) => key };
    writer.record = function (this: typeof writer, key: string) {
      return this.mark + key;
    };
    expect(recordFormat({}, writer).record("reduce", "k", 1)).toBe("#k");
  });
});

/** One field of PostgreSQL's COPY text format. */
function copied(field: string): string {
  const escapes: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
  return field.replaceAll(/\\(.)/gs, (_, escaped: string) => escapes[escaped] ?? escaped);
}
