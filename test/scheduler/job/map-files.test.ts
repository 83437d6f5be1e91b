import { describe, expect, test } from "vitest";
import { MapFiles } from "../../../src/scheduler/job/map-files.js";

describe("the files of a map attempt", () => {
  const files = new MapFiles(3, 4, [
    [0, 10, 0xffffffff],
    [2, Number.MAX_SAFE_INTEGER, 0],
  ]);

  test("are inputs of the reduce tasks, with the number of the map and of the attempt, length and checksum", () => {
    expect(files.input(7, 0)).toEqual([7, 3, 10, 0xffffffff]);
    expect(files.input(7, 2)).toEqual([7, 3, Number.MAX_SAFE_INTEGER, 0]);
  });

  test("do not exist for empty or invalid partitions", () => {
    expect(files.input(7, 1)).toBeUndefined();
    expect(files.input(7, 4)).toBeUndefined();
  });

  test("are added to the size of each partition, and subtracted again", () => {
    const sums = new Float64Array([1, 2, 3, 4]);
    const small = new MapFiles(1, 4, [
      [1, 2 ** 40 + 5, 0],
      [3, 7, 0],
    ]);
    small.addTo(sums, 1);
    expect([...sums]).toEqual([1, 2 ** 40 + 7, 3, 11]);
    small.addTo(sums, -1);
    expect([...sums]).toEqual([1, 2, 3, 4]);
  });
});
