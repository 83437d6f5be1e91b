import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { bytesText, durationText, ratioText, shortCountText } from "../../../src/status/page/format.js";
import { ticks, timeTicks, timeTickText } from "../../../src/status/page/scale.js";

describe("numbers for display", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [12_345, "12.3 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [5e15, "5.00 PB"],
  ])("%d bytes are %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));

  test.each([
    [0, "0 ms"],
    [999.4, "999 ms"],
    [999.6, "1.0 s"],
    [59_940, "59.9 s"],
    [59_960, "1 min 0 s"],
    [3_599_400, "59 min 59 s"],
    [3_599_600, "1 h 0 min"],
    [7_380_000, "2 h 3 min"],
    [200_000_000, "2 d 8 h"],
  ])("%d ms are %s", (ms, text) => expect(durationText(ms)).toBe(text));

  test.each([
    [0.4, "0"],
    [9999, "9,999"],
    [12_345, "12.3K"],
    [1e9, "1B"],
  ])("%d is %s", (n, text) => {
    expect(shortCountText(n)).toBe(text);
  });

  it("are compared with one digit, or none when the ratio is large", () => {
    expect([ratioText(3, 2), ratioText(100, 3)]).toEqual(["1.5 ×", "33 ×"]);
  });
});

describe("the lines of an axis", () => {
  it("are few, begin at 0, stay within it, and include one that is not 0", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e15, noNaN: true }), fc.integer({ min: 3, max: 8 }), (most, wanted) => {
        for (const values of [ticks(most, wanted), timeTicks(Math.max(1, most), wanted)]) {
          expect(values[0]).toBe(0);
          expect(values.length).toBeLessThanOrEqual(wanted + 1);
          expect(values.at(-1)).toBeLessThanOrEqual(Math.max(1, most) * (1 + 1e-9));
        }
        expect(ticks(most, wanted).length).toBeGreaterThan(1);
      }),
    );
  });

  it("of an empty range are only 0", () => {
    expect([ticks(0, 4), timeTicks(0, 4), ticks(NaN, 4)]).toEqual([[0], [0], [0]]);
  });

  it("of time are whole seconds, minutes, hours", () => {
    expect(timeTicks(100_000, 4)).toEqual([0, 30_000, 60_000, 90_000]);
    expect([0, 500, 5000, 90_000, 7_500_000, 259_200_000].map(timeTickText)).toEqual([
      "0",
      "500 ms",
      "5 s",
      "1:30 min",
      "2:05 h",
      "3 d",
    ]);
  });
});
