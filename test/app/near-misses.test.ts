import { describe, expect, it } from "vitest";
import { nearMisses } from "../../src/app/near-misses.js";

const fn = () => 1;

describe("an export that is probably misspelt", () => {
  it.each([
    ["Map", "map", fn],
    ["MAP", "map", fn],
    ["map_bytes", "mapBytes", fn],
    ["mapper", "map", fn],
    ["Reducer", "reduce", fn],
    ["reduce_", "reduce", fn],
    ["redcue", "reduce", fn],
    ["combiner", "combine", fn],
    ["combin", "combine", fn],
    ["partitioner", "partition", fn],
    ["sortvalues", "sortValues", true],
    ["sort_values", "sortValues", fn],
    ["groupkey", "groupKey", fn],
    ["setUp", "setup", fn],
    ["tearDown", "teardown", fn],
    ["cleanup", "teardown", fn],
    ["read_records", "readRecords", fn],
    ["input_kind", "input", "lines"],
    ["Input", "input", "lines"],
    ["need", "needs", []],
    ["Steps", "steps", []],
    ["Reducers", "reducers", 2],
    ["concurency", "concurrency", 4],
    ["mapConcurrency", "concurrency", 4],
    ["max_concurrency", "concurrency", 4],
    ["rate_per_second", "ratePerSecond", 50],
    ["rateLimit", "ratePerSecond", 50],
  ])("is %s, for %s", (name, meant, value) => {
    expect(nearMisses({ [name]: value })).toEqual([{ name, meant }]);
  });

  it.each([
    ["words", fn],
    ["mapped", fn],
    ["maps", fn],
    ["combined", fn],
    ["reduced", fn],
    ["inputs", "a"],
    ["parse", fn],
    ["Mapper", { a: 1 }],
    ["default", fn],
    ["constructor", fn],
    ["toString", fn],
  ])("is not %s", (name, value) => {
    expect(nearMisses({ [name]: value })).toEqual([]);
  });

  it("is not reported when the name it resembles, or an alternative, is also exported", () => {
    expect(nearMisses({ map: fn, Map: fn, mapper: fn })).toEqual([]);
    expect(nearMisses({ mapBytes: fn, mapper: fn, reduceStream: fn, reducer: fn })).toEqual([]);
  });
});
