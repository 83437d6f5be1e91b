import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Split } from "../../src/model/split.js";
import { sampledSplits } from "../../src/input/sampled-splits.js";

function split(file: string, startBytes: number, endBytes: number): Split {
  return { file, path: `/data/${file}`, startBytes, endBytes };
}

function ranges(splits: readonly Split[]): string[] {
  return splits.map(({ file, startBytes, endBytes }) => `${file} ${startBytes}-${endBytes}`);
}

describe("a sample of the splits", () => {
  const splits = [split("a", 0, 1000), split("a", 1000, 2000), split("b", 0, 10), split("c", 0, 1)];

  it.each(["text", "lines"] as const)("is the beginning of each when an app takes %s, and never nothing", (kind) => {
    expect(ranges(sampledSplits(splits, kind, 1))).toEqual(["a 0-10", "a 1000-1010", "b 0-1", "c 0-1"]);
    expect(ranges(sampledSplits(splits, kind, 50))).toEqual(["a 0-500", "a 1000-1500", "b 0-5", "c 0-1"]);
    expect(ranges(sampledSplits(splits, kind, 0.0001))).toEqual(["a 0-1", "a 1000-1001", "b 0-1", "c 0-1"]);
  });

  it("is a selection of unchanged splits, spread over all, when an app reads whole files", () => {
    const files = Array.from({ length: 10 }, (_, n) => split(String(n), 0, n));
    const sampled = (percent: number) => sampledSplits(files, "file", percent).map(({ file }) => file);
    expect(sampled(1)).toEqual(["0"]);
    expect(sampled(30)).toEqual(["0", "4", "7"]);
    expect(sampled(50)).toEqual(["0", "2", "4", "6", "8"]);
    expect(sampled(99.9)).toHaveLength(10);
    expect(sampledSplits(files.slice(9), "file", 30)).toEqual(files.slice(9));
  });

  it("is a selection of files that cannot be cut, and the beginning of the others", () => {
    const packed = ["x", "y", "z"].map((file): Split => ({ ...split(file, 0, 1000), compression: "gzip" }));
    const [x, y, z] = packed as [Split, Split, Split];
    const mixed = [x, split("a", 0, 1000), y, split("b", 0, 1000), z];
    expect(ranges(sampledSplits(mixed, "lines", 50))).toEqual(["x 0-1000", "a 0-500", "b 0-500", "z 0-1000"]);
    for (const kind of ["csv", "own"] as const) expect(sampledSplits(mixed, kind, 20)).toEqual([x]);
  });

  it("is all of them without a percentage, and empty without splits", () => {
    for (const kind of ["file", "lines"] as const) {
      expect(sampledSplits(splits, kind, undefined)).toEqual(splits);
      expect(sampledSplits([], kind, 1)).toEqual([]);
    }
  });

  it("has the right number of files, in order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.double({ min: 0.001, max: 99.9, noNaN: true }), (n, percent) => {
        const files = Array.from({ length: n }, (_, at) => split(String(at), 0, 1));
        const sampled = sampledSplits(files, "file", percent).map(({ file }) => Number(file));
        expect(sampled).toHaveLength(Math.max(1, Math.ceil((n * percent) / 100)));
        expect(sampled).toEqual([...new Set(sampled)].sort((a, b) => a - b));
      }),
    );
  });
});
