import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/app/contract.js";
import { StagedFile } from "../../src/storage/staged-file.js";
import { recordFormat } from "../../src/output/record-format.js";
import { RecordWriter } from "../../src/output/record-writer.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const directory = useTemporaryDirectory();

const outputLine = (key: string, value: JsonValue) =>
  String(recordFormat({ format: "text" }).record("reduce", key, value));
const writeText = () =>
  new RecordWriter(StagedFile.create(directory.newPath()), recordFormat({ format: "text" }), "reduce");

describe("the text format", () => {
  it.each<[string, JsonValue, string]>([
    ["the", "4312", "the 4312\n"],
    ["the", "", "the\n"],
    ["a b", "", "a b\n"],
    ["", "", "\n"],
    ["the", " ", "the  \n"],
    ["", "1", " 1\n"],
    ["the", 4312, "the 4312\n"],
    ["the", -0, "the 0\n"],
    ["the", 1e21, "the 1e+21\n"],
    ["the", null, "the null\n"],
    ["the", [1, "a"], 'the [1,"a"]\n'],
    ["the", { a: true }, 'the {"a":true}\n'],
    ['"é"', 'say "é"', '"é" say "é"\n'],
  ])("writes key %j and value %j as %j", (key, value, line) => {
    expect(outputLine(key, value)).toBe(line);
  });

  it("refuses a key that is not a string and a value that JSON cannot hold", () => {
    expect(() => outputLine(5 as unknown as string, "1")).toThrow("reduce: a key must be a string, not number 5");
    expect(() => outputLine("mean", NaN)).toThrow('reduce: JSON cannot hold the value of key "mean": value is NaN');
  });
});

describe("RecordWriter", () => {
  it("writes all lines in order, whatever their contents and length", () => {
    const pairs = Array.from({ length: 3000 }, (_, index): [string, JsonValue] => [
      `${"😀é".repeat(index % 5)}\ud83d${index}`,
      index % 1000 === 7 ? "é\ude00".repeat(50_000) : index,
    ]);
    const lines = writeText();
    for (const [key, value] of pairs) lines.append(key, value);
    const { path, bytes } = lines.finish();
    const expected = Buffer.from(pairs.map(([key, value]) => outputLine(key, value)).join(""));
    expect(lines.count).toBe(3000);
    expect(bytes).toBe(expected.length);
    expect(readFileSync(path).equals(expected)).toBe(true);
  });

  it("refuses a line when it is appended, and counts only those it took", () => {
    const lines = writeText();
    lines.append("a", 1);
    expect(() => lines.append("mean", NaN)).toThrow("is NaN");
    lines.append("b", 2);
    expect(readFileSync(lines.finish().path, "utf8")).toBe("a 1\nb 2\n");
    expect(lines.count).toBe(2);
  });
});
