import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareKeyWords, encodeKey, keyString, packKey, wordsOf } from "../../src/shuffle/key-words.js";
import { hostileKey } from "./hostile-data.js";
import { keyBytes } from "./key-oracle.js";
import { compareCodePoints } from "./shuffle-run.js";

/** Two keys that often share their beginning. */
const keyPair = fc.tuple(hostileKey, hostileKey, hostileKey).map(([start, a, b]) => [start + a, start + b] as const);

/** The bytes of a key as created for the collector and for lines. */
function encoded(key: string): Buffer {
  const bytes = Buffer.alloc(3 * key.length);
  return bytes.subarray(0, encodeKey(key, bytes));
}

/** How two keys compare as words. */
function order(a: string, b: string): number {
  const [wordsOfA, wordsOfB] = [a, b].map((key) => {
    const bytes = encoded(key);
    const words = new Int32Array(wordsOf(bytes.length));
    packKey(bytes, bytes.length, words, 0);
    expect(keyString(words, 0, bytes.length)).toBe(key);
    return { words, length: bytes.length };
  });
  if (wordsOfA === undefined || wordsOfB === undefined) throw new Error("there are two");
  return Math.sign(compareKeyWords(wordsOfA.words, 0, wordsOfA.length, wordsOfB.words, 0, wordsOfB.length));
}

describe("a key as bytes and as words", () => {
  it("is ordered by code points and equal only for equal keys", () => {
    fc.assert(
      fc.property(keyPair, ([a, b]) => {
        const expected = Math.sign(compareCodePoints(a, b));
        expect(Buffer.compare(encoded(a), encoded(b))).toBe(expected);
        expect(order(a, b)).toBe(expected);
      }),
      { numRuns: 10_000 },
    );
  });

  it.each([
    ["a character beyond U+FFFF comes after U+E000 … U+FFFF", "\uffff", "😀"],
    ["a lone high surrogate comes before a pair that begins with it", "\ud83d", "\ud83d\ude00"],
    ["a lone high surrogate with a suffix comes before such a pair", "\ud83d\uffff", "\ud83d\ude00"],
    ["a lone high surrogate comes before U+E000", "\ud83d", "\ue000"],
    ["a lone low surrogate comes before U+E000", "\udfff", "\ue000"],
    ["a lone low surrogate comes before a pair", "\udfff", "\u{10000}"],
    ["a lone high surrogate comes before a pair with a smaller one", "\udbff", "\ud800\udc00"],
    ["two pairs with the same high surrogate differ in the low one", "\u{1f600}", "\u{1f601}"],
    ["the empty key comes first", "", "\0"],
    ["a prefix comes before the longer key", "the", "there"],
  ])("%s", (_, smaller, greater) => {
    expect(Buffer.compare(encoded(smaller), encoded(greater))).toBe(-1);
    expect(order(smaller, greater)).toBe(-1);
    expect(order(smaller, smaller)).toBe(0);
  });

  it("is UTF-8 whenever UTF-8 can hold it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (key) => {
        expect(encoded(key)).toEqual(Buffer.from(key));
      }),
    );
  });

  it("has three bytes for a lone surrogate", () => {
    expect([...encoded("\ud800")]).toEqual([0xed, 0xa0, 0x80]);
    expect([...encoded("a\udfff")]).toEqual([0x61, 0xed, 0xbf, 0xbf]);
    expect([...encoded("😀\ud83d")]).toEqual([0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0xbd]);
    fc.assert(
      fc.property(hostileKey, (key) => {
        expect(encoded(key)).toEqual(keyBytes(key));
      }),
    );
  });
});
