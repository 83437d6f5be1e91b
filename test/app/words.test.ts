import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { words, wordsInBytes } from "../../src/app/words.js";

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

function wordsOfBytes(bytes: Uint8Array): string[] {
  const found: string[] = [];
  wordsInBytes(bytes, (start, end) => found.push(Buffer.from(bytes.subarray(start, end)).toString()));
  return found;
}

describe("wordsInBytes", () => {
  it("finds the words of the decoded text in any bytes", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
      fc.constantFrom("a", "é", "ſ", "中", "\u0301", "𝒳", "😀", "\uffff", "\ufeff").map((text) => Buffer.from(text)),
      // Truncated, overlong, beyond Unicode, a surrogate, a continuation byte without a lead byte.
      fc
        .constantFrom(
          [0xc3],
          [0xe4, 0xb8],
          [0xf0, 0x9d, 0x92],
          [0xc1, 0x81],
          [0xe0, 0x81, 0x81],
          [0xf0, 0x80, 0x81, 0x81],
        )
        .map((bytes) => Buffer.from(bytes)),
      fc.constantFrom([0xf4, 0x90, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xa9], [0xff]).map((bytes) => Buffer.from(bytes)),
      fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const bytes = Buffer.concat(pieces);
        expect(wordsOfBytes(bytes)).toEqual(bytes.toString().match(/\p{L}+/gu) ?? []);
      }),
      { numRuns: 5000 },
    );
  });

  it("agrees with the regular expression on every code point", () => {
    for (let start = 0; start < 0x110000; start += 0x1000) {
      const codePoints = Array.from({ length: 0x1000 }, (_, index) => String.fromCodePoint(start + index));
      for (const text of [codePoints.join("").toWellFormed(), codePoints.join(" ").toWellFormed()]) {
        expect(wordsOfBytes(Buffer.from(text))).toEqual(text.match(/\p{L}+/gu) ?? []);
      }
    }
  });
});
