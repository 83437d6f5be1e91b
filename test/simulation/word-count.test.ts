import { describe, expect, test } from "vitest";
import { faultOf, mapSplit, partitionerOf, reducePartition, type Inputs } from "./word-count.js";

describe("the judge of an output", () => {
  const inputs: Inputs = { splits: [[["a", "be"], ["a"]], [["be"]]], reducers: 1 };
  const partitionOf = partitionerOf(inputs, "hash", []);
  const made = (map: number, attempt = 1, leftOut: number[] = []) =>
    mapSplit(inputs, map, attempt, leftOut, partitionOf).get(0) ?? "";
  const judge = (files: readonly string[], skipped: readonly string[] = []) => {
    return faultOf(inputs, 0, reducePartition(0, 1, files), new Set(skipped), partitionOf);
  };

  test("accepts an output that counts all words once, from any attempts", () => {
    expect(judge([made(0), made(1)])).toBeUndefined();
    expect(judge([made(0, 3), made(1, 2)])).toBeUndefined();
  });

  test("rejects an output that lacks a map, or has one twice", () => {
    expect(judge([made(0)])).toBe("map 1 is missing");
    expect(judge([made(0), made(1), made(1, 2)])).toBe("a map is in it twice");
  });

  test("rejects a wrong number", () => {
    const wrong = reducePartition(0, 1, [made(0), made(1)]).replace('"a":2', '"a":3');
    expect(faultOf(inputs, 0, wrong, new Set(), partitionOf)).toMatch(/it counts .*3.*, and right is .*2/);
  });

  test("accepts a missing record only when it is skipped", () => {
    const files = [made(0, 1, [10]), made(1)];
    expect(judge(files, ["0 10"])).toBeUndefined();
    expect(judge(files, ["1 0"])).toBe("the record at 10 of map 0 was left out");
  });

  test("accepts a map without a file when all its words for it are skipped", () => {
    expect(judge([made(0)], ["1 0"])).toBeUndefined();
  });

  test("rejects the output of another partition", () => {
    expect(faultOf(inputs, 1, reducePartition(0, 1, [made(0), made(1)]), new Set(), partitionOf)).toBe(
      "it is of partition 0",
    );
  });
});
