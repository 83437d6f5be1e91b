/**
 * The order of keys: by code points, which is the order of their UTF-8 bytes (`LC_ALL=C sort`, Go) and not JavaScript's
 * order of UTF-16 units. The two differ where a character beyond U+FFFF, written as two surrogates 0xD800 … 0xDFFF,
 * meets one of U+E000 … U+FFFF.
 *
 * A lone surrogate is legal in a JavaScript string, and so in a key. It counts as a code point of its own, as in WTF-8
 * (https://wtf-8.codeberg.page), the generalization of UTF-8 that gives it three bytes.
 */

/** Negative when `a` comes before `b`, 0 when they are equal, positive when `a` comes after `b`. Allocates nothing. */
export function compareKeys(a: string, b: string): number {
  const lengthMin = Math.min(a.length, b.length);
  for (let at = 0; at < lengthMin; at++) {
    const unitA = a.charCodeAt(at);
    const unitB = b.charCodeAt(at);
    if (unitA === unitB) continue;
    return unitA < 0xd800 && unitB < 0xd800 ? unitA - unitB : compareFrom(a, b, at);
  }
  return a.length - b.length;
}

/** The bytes of a key: UTF-8, a lone surrogate as in WTF-8. `Buffer.compare` orders them as `compareKeys` does. */
export function keyBytes(key: string): Uint8Array {
  return key.isWellFormed() ? Buffer.from(key) : generalizedUtf8(key);
}

/** Compares two strings that first differ in the units at `at`. */
function compareFrom(a: string, b: string, at: number): number {
  if (at > 0 && isHighSurrogate(a.charCodeAt(at - 1))) {
    // The differing code point may begin one unit earlier: a pair there lies beyond every lone surrogate.
    const isPairInA = isLowSurrogate(a.charCodeAt(at));
    const isPairInB = isLowSurrogate(b.charCodeAt(at));
    if (isPairInA !== isPairInB) return isPairInA ? 1 : -1;
  }
  return (a.codePointAt(at) ?? 0) - (b.codePointAt(at) ?? 0);
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

function generalizedUtf8(key: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(key.length * 3);
  let end = 0;
  for (const character of key) {
    const codePoint = character.codePointAt(0) ?? 0;
    if (codePoint >= 0xd800 && codePoint < 0xe000) {
      bytes[end++] = 0xe0 | (codePoint >> 12);
      bytes[end++] = 0x80 | ((codePoint >> 6) & 0x3f);
      bytes[end++] = 0x80 | (codePoint & 0x3f);
    } else end += bytes.write(character, end);
  }
  return bytes.subarray(0, end);
}
