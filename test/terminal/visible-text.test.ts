import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { visibleLine, visibleText } from "../../src/terminal/visible-text.js";

describe("text of a user", () => {
  it.each([
    ["plain", "plain"],
    ["größer 🐋 \u0645\u0631\u062d\u0628\u0627 👨‍👩‍👧", "größer 🐋 \u0645\u0631\u062d\u0628\u0627 👨‍👩‍👧"],
    ["\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"],
    ["over\rwritten", "over\\rwritten"],
    ["bell\x07, delete\x7f, null\0", "bell\\x07, delete\\x7f, null\\x00"],
    ["C1: \x85 \x9b31m", "C1: \\x85 \\x9b31m"],
    ["file\u202etxt.exe", "file\\u202etxt.exe"],
    ["\u2066isolated\u2069 \u200e \u061c", "\\u2066isolated\\u2069 \\u200e \\u061c"],
    ["\ufeffmark\u2028line", "\\ufeffmark\\u2028line"],
  ])("%j is shown as %j", (text, shown) => {
    expect([visibleLine(text), visibleText(text)]).toEqual([shown, shown]);
  });

  it("keeps its line ends and tabs only where it has several lines", () => {
    expect(visibleLine("a\nb\tc")).toBe("a\\nb\\tc");
    expect(visibleText("a\nb\tc")).toBe("a\nb\tc");
  });

  it("never moves the cursor", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(visibleLine(text)).not.toMatch(/\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        expect(visibleText(text).replaceAll(/[\n\t]/g, "")).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});
