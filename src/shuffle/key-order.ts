/**
 * The order of keys: by code points, which is the order of their UTF-8 bytes (`LC_ALL=C sort`, Go) and not JavaScript's
 * order of UTF-16 units. The two differ where a character beyond U+FFFF, written as two surrogates 0xD800 … 0xDFFF,
 * meets one of U+E000 … U+FFFF.
 *
 * A lone surrogate is legal in a JavaScript string, and so in a key. It counts as a code point of its own, as in WTF-8
 * (https://wtf-8.codeberg.page), the generalization of UTF-8 that gives it three bytes.
 */

/** The bytes of a key: UTF-8, a lone surrogate as in WTF-8. They are in the order of the keys. */
export function keyBytes(key: string): Uint8Array {
  return key.isWellFormed() ? Buffer.from(key) : generalizedUtf8(key);
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
