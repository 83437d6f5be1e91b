import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyBytes } from "../../src/shuffle/key-order.js";
import { hostileKey } from "./hostile-data.js";
import { compareCodePoints } from "./shuffle-run.js";

/** Two keys that often share their beginning. */
const keyPair = fc.tuple(hostileKey, hostileKey, hostileKey).map(([start, a, b]) => [start + a, start + b] as const);

describe("keyBytes", () => {
  it("gives bytes in the order of code points, equal for equal keys only", () => {
    fc.assert(
      fc.property(keyPair, ([a, b]) => {
        expect(Buffer.compare(keyBytes(a), keyBytes(b))).toBe(Math.sign(compareCodePoints(a, b)));
      }),
      { numRuns: 20_000 },
    );
  });

  it.each([
    ["a character beyond U+FFFF comes after U+E000 … U+FFFF", "\uffff", "😀"],
    ["a lone high surrogate comes before a pair that begins with it", "\ud83d", "\ud83d\ude00"],
    ["a lone high surrogate and more comes before such a pair", "\ud83d\uffff", "\ud83d\ude00"],
    ["a lone high surrogate comes before U+E000", "\ud83d", "\ue000"],
    ["a lone low surrogate comes before U+E000", "\udfff", "\ue000"],
    ["a lone low surrogate comes before a pair", "\udfff", "\u{10000}"],
    ["a lone high surrogate comes before a pair with a smaller one", "\udbff", "\ud800\udc00"],
    ["two pairs with the same high surrogate differ in the low one", "\u{1f600}", "\u{1f601}"],
    ["the empty key comes first", "", "\0"],
    ["a beginning comes before the whole", "the", "there"],
  ])("%s", (_, smaller, greater) => {
    expect(Buffer.compare(keyBytes(smaller), keyBytes(greater))).toBe(-1);
    expect(Buffer.compare(keyBytes(smaller), keyBytes(smaller))).toBe(0);
  });

  it("gives UTF-8 for every string that UTF-8 can hold", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (key) => {
        expect(Buffer.from(keyBytes(key))).toEqual(Buffer.from(new TextEncoder().encode(key)));
      }),
    );
  });

  it("gives a lone surrogate three bytes of its own", () => {
    expect([...keyBytes("\ud800")]).toEqual([0xed, 0xa0, 0x80]);
    expect([...keyBytes("a\udfff")]).toEqual([0x61, 0xed, 0xbf, 0xbf]);
    expect([...keyBytes("😀\ud83d")]).toEqual([0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0xbd]);
  });
});
