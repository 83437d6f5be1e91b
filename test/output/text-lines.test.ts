import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/app/contract.js";
import { outputLine } from "../../src/output/text-lines.js";

describe("outputLine", () => {
  it.each<[string, JsonValue, string]>([
    ["the", "4312", "the 4312\n"],
    ["the", "", "the \n"],
    ["", "1", " 1\n"],
    ["the", 4312, "the 4312\n"],
    ["the", null, "the null\n"],
    ["the", [1, "a"], 'the [1,"a"]\n'],
    ["the", { a: true }, 'the {"a":true}\n'],
    ['"é"', 'say "é"', '"é" say "é"\n'],
  ])("writes key %j and value %j as %j", (key, value, line) => {
    expect(outputLine(key, value)).toBe(line);
  });

  it("refuses a key that is no string and a value that JSON cannot hold", () => {
    expect(() => outputLine(5 as unknown as string, "1")).toThrow("reduce: a key must be a string, not number 5");
    expect(() => outputLine("mean", NaN)).toThrow('reduce: JSON cannot hold the value of key "mean": is NaN');
  });
});
