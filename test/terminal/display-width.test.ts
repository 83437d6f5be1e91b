import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutToWidth, displayWidth } from "../../src/terminal/display-width.js";

describe("the width of a text on a terminal", () => {
  it.each([
    ["", 0],
    ["whale", 5],
    ["Köln", 4],
    ["日本", 4],
    ["e\u0301", 1],
    ["👩‍👩‍👧", 2],
    ["🇦🇹", 2],
    ["a\u200bb", 2],
    ["ｱ", 1],
  ])("of %j is %i", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe("a text that is too wide", () => {
  it.each([
    ["whale", 5, "whale"],
    ["whales", 5, "whal…"],
    ["日本語", 5, "日本…"],
    ["日本語", 4, "日…"],
    ["日本語", 6, "日本語"],
    ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
  ])("%j is cut to %i columns as %j", (text, width, cut) => {
    expect(cutToWidth(text, width)).toBe(cut);
  });

  it("is its beginning, with a mark where something is missing", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "日", "👩‍👩‍👧", "e\u0301", "🇦🇹"), maxLength: 12 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (text, width) => {
        const cut = cutToWidth(text, width);
        expect(displayWidth(cut)).toBeLessThanOrEqual(width);
        if (displayWidth(text) <= width) expect(cut).toBe(text);
        else expect([cut.endsWith("…"), text.startsWith(cut.slice(0, -1))]).toEqual([true, true]);
      }),
    );
  });
});
