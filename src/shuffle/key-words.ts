/**
 * Keys as words: the bytes of a key, four to a 32-bit word with the first byte highest, the last word filled up with
 * zeros. So two keys are compared a word at a time as unsigned numbers, whatever the byte order of the machine, and the
 * first word is the number to sort by.
 *
 * Keys are ordered by their bytes, that is by code points. This is the order of UTF-8 (`LC_ALL=C sort`, Go) and not
 * JavaScript's order of UTF-16 units. The two differ where a character beyond U+FFFF, written as two surrogates 0xD800
 * … 0xDFFF, meets one in U+E000 … U+FFFF.
 *
 * A lone surrogate is legal in a JavaScript string, and so in a key. It counts as a code point of its own, as in WTF-8
 * (https://wtf-8.codeberg.page), the generalization of UTF-8 that gives it three bytes.
 */

/** Keys up to this length are two words in the collector. */
export const shortBytesMax = 8;

/** How many words a key of that many bytes takes. */
export function wordsOf(keyBytes: number): number {
  return (keyBytes + 3) >>> 2;
}

/** How many words a key takes in the collector: at least two, so that short keys need no loop. */
export function paddedWordsOf(keyBytes: number): number {
  return keyBytes <= shortBytesMax ? 2 : wordsOf(keyBytes);
}

/** Negative, 0 or positive as the key in `a` comes before, is, or comes after the one in `b`; `…At` is the first word. */
export function compareKeyWords(
  a: Int32Array,
  aAt: number,
  aBytes: number,
  b: Int32Array,
  bAt: number,
  bBytes: number,
): number {
  const common = wordsOf(Math.min(aBytes, bBytes));
  for (let at = 0; at < common; at++) {
    const wordA = a[aAt + at] ?? 0;
    const wordB = b[bAt + at] ?? 0;
    if (wordA !== wordB) return (wordA >>> 0) - (wordB >>> 0);
  }
  // The zeros that fill the shorter key's last word are never greater than a byte of the longer key.
  return aBytes - bBytes;
}

/**
 * Writes the bytes of a key, as UTF-8 or else WTF-8, into `bytes` and returns how many: at most three per UTF-16 unit.
 */
export function encodeKey(key: string, bytes: Uint8Array): number {
  let end = 0;
  for (let at = 0; at < key.length; at++) {
    const unit = key.charCodeAt(at);
    if (unit < 0x80) {
      bytes[end++] = unit;
    } else if (unit < 0x800) {
      bytes[end++] = 0xc0 | (unit >> 6);
      bytes[end++] = 0x80 | (unit & 0x3f);
    } else {
      const codePoint = unit >= 0xd800 && unit < 0xdc00 ? (key.codePointAt(at) ?? 0) : unit;
      if (codePoint > 0xffff) {
        at++;
        bytes[end++] = 0xf0 | (codePoint >> 18);
        bytes[end++] = 0x80 | ((codePoint >> 12) & 0x3f);
      } else {
        bytes[end++] = 0xe0 | (codePoint >> 12);
      }
      bytes[end++] = 0x80 | ((codePoint >> 6) & 0x3f);
      bytes[end++] = 0x80 | (codePoint & 0x3f);
    }
  }
  return end;
}

/** Packs bytes into `target` from word `wordAt` on. */
export function packKey(bytes: Uint8Array, keyBytes: number, target: Int32Array, wordAt: number): void {
  let to = wordAt;
  let word = 0;
  for (let at = 0; at < keyBytes; at++) {
    word = (word << 8) | (bytes[at] ?? 0);
    if ((at & 3) === 3) target[to++] = word;
  }
  const rest = keyBytes & 3;
  if (rest > 0) target[to] = word << (32 - 8 * rest);
}

/** Unpacks the bytes of a key into `target` at `offset`. */
export function unpackKey(
  words: Int32Array,
  wordAt: number,
  keyBytes: number,
  target: Uint8Array,
  offset: number,
): void {
  const end = offset + keyBytes;
  let at = offset;
  let from = wordAt;
  for (; at + 4 <= end; at += 4) {
    const word = words[from++] ?? 0;
    target[at] = word >>> 24;
    target[at + 1] = word >>> 16;
    target[at + 2] = word >>> 8;
    target[at + 3] = word;
  }
  for (let word = words[from] ?? 0; at < end; at++, word <<= 8) target[at] = word >>> 24;
}

/** The key as a string again. */
export function keyString(words: Int32Array, wordAt: number, keyBytes: number): string {
  const bytes = Buffer.allocUnsafe(keyBytes);
  unpackKey(words, wordAt, keyBytes, bytes, 0);
  return decodeKey(bytes);
}

/** A lone surrogate is 0xED and a byte from 0xA0; in valid UTF-8 the byte after 0xED is lower. */
function decodeKey(bytes: Buffer): string {
  let key = "";
  let done = 0;
  for (let at = bytes.indexOf(0xed); at >= 0; at = bytes.indexOf(0xed, at + 1)) {
    const second = bytes[at + 1] ?? 0;
    if (second < 0xa0) continue;
    const unit = 0xd000 | ((second & 0x3f) << 6) | ((bytes[at + 2] ?? 0) & 0x3f);
    key += bytes.toString("utf8", done, at) + String.fromCharCode(unit);
    done = at + 3;
  }
  return key + bytes.toString("utf8", done);
}
