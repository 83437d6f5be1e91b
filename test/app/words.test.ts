import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { words } from "../../src/app/words.js";

function wordsOf(text: string): string[] {
  const found: string[] = [];
  words(text, (word) => found.push(word));
  return found;
}

describe("words", () => {
  it("finds runs of Unicode letters", () => {
    expect(wordsOf("Don't stop, naïve 𝒳𝒴2z — ἀρχή 😀Ω\u0301x!")).toEqual(
      ["Don", "t", "stop", "naïve", "𝒳𝒴", "z", "ἀρχή", "Ω", "x"], // prettier-ignore
    );
    expect(wordsOf("")).toEqual([]);
  });

  it("finds what the regular expression finds in any string", () => {
    const piece = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "a",
        "Z",
        "[",
        "`",
        "{",
        "é",
        "ſ",
        "ª",
        "ǅ",
        "ʰ",
        "中",
        "\u0301",
        "𝒳",
        "\u{20000}",
        "😀",
        "\ud835",
        "\udcb3",
      ),
    );
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(text, (each) => {
        expect(wordsOf(each)).toEqual(each.match(/\p{L}+/gu) ?? []);
      }),
      { numRuns: 3000 },
    );
  });

  it("agrees with the regular expression on every code point", () => {
    for (let start = 0; start < 0x110000; start += 0x1000) {
      const codePoints = Array.from({ length: 0x1000 }, (_, index) => String.fromCodePoint(start + index));
      for (const text of [codePoints.join(""), codePoints.join(" ")]) {
        expect(wordsOf(text)).toEqual(text.match(/\p{L}+/gu) ?? []);
      }
    }
  });
});
