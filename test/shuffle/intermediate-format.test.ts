import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StagedFile } from "../../src/storage/staged-file.js";
import { IntermediateWriter } from "../../src/shuffle/collect/intermediate-writer.js";
import { type DecodedLine, decodedLines, storedContent } from "./merge/decoded-lines.js";
import { hostileKey, jsonValue } from "./hostile-data.js";
import { packed } from "./packed-key.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const directory = useTemporaryDirectory();

/** The lines of a key. */
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

function decoded(line: string): DecodedLine {
  const [only, ...more] = decodedLines(storedContent(directory.newPath(), `${line}\n`));
  if (only === undefined || more.length > 0) throw new Error("not one line");
  return only;
}

describe("a line of an intermediate file", () => {
  it("is a JSON array of the key, its values and how often each repeats", () => {
    expect(linesOf("the", ['"1"'], [4312])).toEqual(['["the",["1"],[4312]]']);
    expect(linesOf("the", ["1", '"1"', "null"], [1, 2, 1])).toEqual(['["the",[1,"1",null],[1,2,1]]']);
  });

  it("omits the counts when all are 1", () => {
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
        const read = decoded(line);
        expect(read.key).toBe(key);
        expect(read.values.map((each) => JSON.stringify(each))).toEqual(texts);
        expect(read.counts).toEqual(counts);
      }),
      { numRuns: 200 },
    );
  });

  it("holds at most 1024 values; more take several lines of the same key", () => {
    const texts = Array.from({ length: 2500 }, (_, index) => String(index));
    const counts = texts.map((_, index) => (index < 2048 ? 1 : 2));
    const written = linesOf("the", texts, counts);
    expect(written.map((text) => text.includes("],["))).toEqual([false, false, true]);
    const lines = written.map((line) => decoded(line));
    expect(lines.map((line) => [line.key, line.values.length])).toEqual([
      ["the", 1024],
      ["the", 1024],
      ["the", 452],
    ]);
    expect(lines.flatMap((line) => line.counts)).toEqual(counts);
    expect(lines.flatMap((line) => line.values).map(String)).toEqual(texts);
  });

  it("holds at most 16 Ki characters of values, except for a single longer value", () => {
    const texts = [5000, 5000, 5000, 5000, 90_000, 10, 10].map((length) => JSON.stringify("x".repeat(length - 2)));
    const counts = texts.map(() => 1);
    const lengths = linesOf("the", texts, counts).map((line) =>
      decoded(line).values.map((value) => (value as string).length + 2),
    );
    expect(lengths).toEqual([[5000, 5000, 5000], [5000], [90_000], [10, 10]]);
  });
});
