import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StagedFile } from "../../src/output/staged-file.js";
import { DamagedInputError } from "../../src/shuffle/damaged-input-error.js";
import { decodeLine } from "../../src/shuffle/intermediate-format.js";
import { IntermediateWriter } from "../../src/shuffle/intermediate-writer.js";
import { hostileKey, jsonValue } from "./hostile-data.js";
import { packed } from "./packed-key.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const directory = useTemporaryDirectory();

/** The lines that a key takes. */
function linesOf(key: string, texts: string[], counts: number[]): string[] {
  const file = StagedFile.create(directory.newPath());
  const writer = new IntermediateWriter();
  writer.writeTo(file);
  const { words, keyBytes } = packed(key);
  writer.beginKey(words, 0, keyBytes);
  for (const [index, text] of texts.entries()) {
    const bytes = Buffer.from(text);
    writer.value(bytes, 0, bytes.length, counts[index] ?? 1);
  }
  writer.endKey();
  writer.writeTo(undefined);
  const text = readFileSync(file.finish().path, "utf8");
  expect(text.endsWith("\n")).toBe(true);
  return text.slice(0, -1).split("\n");
}

describe("a line of an intermediate file", () => {
  it("is a JSON array of the key, its values and how often each repeats", () => {
    expect(linesOf("the", ['"1"'], [4312])).toEqual(['["the",["1"],[4312]]']);
    expect(linesOf("the", ["1", '"1"', "null"], [1, 2, 1])).toEqual(['["the",[1,"1",null],[1,2,1]]']);
  });

  it("leaves the counts out when all are 1", () => {
    expect(linesOf("the", ['{"a":[]}', "true"], [1, 1])).toEqual(['["the",[{"a":[]},true]]']);
  });

  it("is read as it was written, whatever key and values are", () => {
    const value = fc.record({ value: jsonValue, count: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(hostileKey, fc.array(value, { minLength: 1, maxLength: 5 }), (key, values) => {
        const texts = values.map((each) => JSON.stringify(each.value));
        const counts = values.map((each) => each.count);
        const [line = "", ...more] = linesOf(key, texts, counts);
        expect(more).toEqual([]);
        const decoded = decodeLine(line, "mr-0-0", 1);
        expect(decoded.key).toBe(key);
        expect(decoded.values.map((each) => JSON.stringify(each))).toEqual(texts);
        expect(decoded.counts ?? counts.map(() => 1)).toEqual(counts);
      }),
      { numRuns: 200 },
    );
  });

  it("holds at most 1024 values; more take several lines of the same key", () => {
    const texts = Array.from({ length: 2500 }, (_, index) => String(index));
    const counts = texts.map((_, index) => (index < 2048 ? 1 : 2));
    const lines = linesOf("the", texts, counts).map((line) => decodeLine(line, "mr-0-0", 1));
    expect(lines.map((line) => [line.key, line.values.length, line.counts?.length])).toEqual([
      ["the", 1024, undefined],
      ["the", 1024, undefined],
      ["the", 452, 452],
    ]);
    expect(lines.flatMap((line) => line.values).map(String)).toEqual(texts);
  });

  it("holds at most 16 Ki characters of values, but for a single longer value", () => {
    const texts = [5000, 5000, 5000, 5000, 90_000, 10, 10].map((length) => JSON.stringify("x".repeat(length - 2)));
    const counts = texts.map(() => 1);
    const lengths = linesOf("the", texts, counts).map((line) =>
      decodeLine(line, "mr-0-0", 1).values.map((value) => (value as string).length + 2),
    );
    expect(lengths).toEqual([[5000, 5000, 5000], [5000], [90_000], [10, 10]]);
  });
});

describe("decodeLine", () => {
  it.each([
    "",
    "[",
    "the 1",
    "null",
    "{}",
    '"the"',
    "[]",
    '["the"]',
    '["the",[]]',
    '["the","1"]',
    '["the",{"0":"1","length":1}]',
    '[1,["1"]]',
    '[null,["1"]]',
    '["the",["1"],null]',
    '["the",["1"],[]]',
    '["the",["1"],1]',
    '["the",["1"],[0]]',
    '["the",["1"],[-1]]',
    '["the",["1"],[1.5]]',
    '["the",["1"],["2"]]',
    '["the",["1"],[9007199254740992]]',
    '["the",["1"],[1e999]]',
    '["the",["1"],[2,2]]',
    '["the",["1","2"],[2]]',
    '["the",["1"],[2],[2]]',
    '["the",["1"],[2]]["the",["1"],[2]]',
  ])("refuses %j, naming file and line", (text) => {
    expect(() => decodeLine(text, "/job/mr-3-4", 17)).toThrow(DamagedInputError);
    expect(() => decodeLine(text, "/job/mr-3-4", 17)).toThrow(/^intermediate file \/job\/mr-3-4 is damaged: line 17 /);
  });
});
