import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../src/app/contract.js";
import { RecordCutter } from "../../../src/local/cat/record-cutter.js";
import { numberIn, recordFields, type RecordFields } from "../../../src/local/cat/record-fields.js";
import { outputFormats, type OutputFormat, type TextKeyEnd } from "../../../src/model/output-format.js";
import { recordFormat } from "../../../src/output/record-format.js";

const bytesOf = (format: OutputFormat, key: string, value: JsonValue) =>
  Buffer.from(String(recordFormat({ format }).record("reduce", key, value)));

async function* blocksOf(bytes: Buffer, lengths: readonly number[]): AsyncGenerator<Buffer> {
  await Promise.resolve();
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    yield Buffer.from(bytes.subarray(at, at + length));
    at += length;
  }
}

async function cut(bytes: Buffer, hasQuotes: boolean, lengths: readonly number[]): Promise<Buffer[]> {
  const records = new RecordCutter(blocksOf(bytes, lengths), { hasQuotes });
  const found: Buffer[] = [];
  while (records.take() || (await records.fill())) found.push(records.record);
  return found;
}

const text = fc.string({ unit: fc.constantFrom("a", "é", "😀", '"', ",", "\t", "\n", "\r", "\\", " ", "\0", "1") });

function fieldsOf(format: OutputFormat, keyEnd: TextKeyEnd = "first space"): RecordFields {
  const fields = recordFields(format, keyEnd);
  if (fields === undefined) throw new Error("nobody can tell where the keys end");
  return fields;
}

describe("the records of a file", () => {
  it("are cut as they were written, wherever a block ends, with their original fields", async () => {
    const pairs = fc.array(fc.tuple(text, text), { maxLength: 20 });
    const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("tsv" as const, "jsonl" as const, "csv" as const),
        pairs,
        lengths,
        async (...drawn) => {
          const [format, written, blockLengths] = drawn;
          const expected = written.map(([key, value]) => bytesOf(format, key, value));
          const found = await cut(Buffer.concat(expected), format === "csv", blockLengths);
          expect(found.map(String)).toEqual(expected.map(String));
          const { key, value } = fieldsOf(format);
          expect(found.map((record) => String(Buffer.from(key(record))))).toEqual(written.map(([key]) => key));
          if (format !== "tsv") expect(found.map(value)).toEqual(written.map(([, value]) => value));
        },
      ),
    );
  });

  it("end with the file, where a newline is missing", async () => {
    expect((await cut(Buffer.from("a\nbc"), false, [3])).map(String)).toEqual(["a\n", "bc"]);
    expect(await cut(Buffer.from(""), false, [3])).toEqual([]);
  });
});

describe("the fields of a record", () => {
  it("of text end at the space that the writer recorded", () => {
    const record = Buffer.from("the white whale 12\n");
    const found = (["first space", "last space", "line end"] as const).map((keyEnd) => {
      const { key, value } = fieldsOf("text", keyEnd);
      return [String(key(record)), value(record)];
    });
    expect(found).toEqual([
      ["the", "white whale 12"],
      ["the white whale", "12"],
      ["the white whale 12", ""],
    ]);
    expect(recordFields("text", "unclear")).toBeUndefined();
    expect(recordFields("text", undefined)).toBeUndefined();
  });

  it("keep lone surrogates in the order of code points", () => {
    const keys = ["\ud7ff", "\ud83d", "\ue000", "\u{10000}"];
    const orders = keys.map((key) => fieldsOf("jsonl").key(bytesOf("jsonl", key, 1)));
    expect([...orders].sort((a, b) => Buffer.compare(a, b))).toEqual(orders);
  });

  it.each(outputFormats)("of %s may be a number as value", (format) => {
    const { value } = fieldsOf(format);
    for (const number of [0, -1.5, 1e21]) expect(numberIn(value(bytesOf(format, "k", number)))).toBe(number);
    for (const number of [2n ** 53n + 1n, -(2n ** 64n)]) {
      expect(numberIn(value(bytesOf(format, "k", number)))).toBe(number);
    }
    expect(numberIn(value(bytesOf(format, "k", "17")))).toBe(17);
    for (const other of ["", "many", true, null, [1]]) {
      expect(numberIn(value(bytesOf(format, "k", other)))).toBeUndefined();
    }
  });

  it.each<[OutputFormat, string]>([
    ["tsv", "no tab\n"],
    ["jsonl", '{"key":"torn\n'],
    ["csv", '"torn\n'],
    ["csv", "no comma\n"],
  ])("of %s are not found in %j", (format, record) => {
    expect(() => fieldsOf(format).key(Buffer.from(record))).toThrow(SyntaxError);
  });
});
