import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstPosition, isPositionIn, locate, offsetsIn, splitsPerTaskMax } from "../../src/model/record-position.js";

const group = Array.from({ length: splitsPerTaskMax }, (_, n) => `file ${n}`);
const offset = fc.integer({ min: 0, max: 2 ** 42 - 1 });

describe("the position of a record", () => {
  it("names one split and one offset in the largest group, as a safe integer", () => {
    fc.assert(
      fc.property(fc.nat(splitsPerTaskMax - 1), offset, (index, at) => {
        const position = firstPosition(index) + at;
        expect(Number.isSafeInteger(position)).toBe(true);
        expect(isPositionIn(group, position)).toBe(true);
        expect(locate(position, group)).toEqual({ split: `file ${index}`, offset: at });
      }),
    );
  });

  it("is the offset in the file of a single split, however large that is", () => {
    for (const at of [0, 1, 2 ** 42, Number.MAX_SAFE_INTEGER]) {
      expect(locate(at, ["file"])).toEqual({ split: "file", offset: at });
      expect(offsetsIn(0, ["file"], [at])).toEqual([at]);
    }
  });

  it("is refused after the last split, and without splits", () => {
    expect(isPositionIn(["a", "b"], firstPosition(2))).toBe(false);
    expect(isPositionIn([], 0)).toBe(false);
    expect(() => locate(firstPosition(2), ["a", "b"])).toThrow(RangeError);
  });

  it("is found only by its own split", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), offset)), (places) => {
        const splits = ["a", "b", "c", "d", "e"];
        const positions = places.map(([index, at]) => firstPosition(index) + at);
        for (const index of splits.keys()) {
          const expected = places.filter(([other]) => other === index).map(([, at]) => at);
          expect(offsetsIn(index, splits, positions)).toEqual(expected);
        }
      }),
    );
  });
});
