/** Finds strings in the bytes of a JSON text that ends with a newline. */

const [quote, backslash, space] = [0x22, 0x5c, 0x20];

/** 1 for a byte that stands for itself in a JSON string: all but control characters, quote and backslash. */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= space && byte !== quote && byte !== backslash ? 1 : 0,
);

/** The place of the first byte, from `start` on, that does not stand for itself. */
export function plainEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isPlain[bytes[at] ?? 0] === 1) at++;
  return at;
}

/**
 * The place of the closing quote of the string whose content begins at `start`. Throws a SyntaxError when there is
 * none.
 */
export function stringEnd(bytes: Uint8Array, start: number): number {
  for (let at = plainEnd(bytes, start); ; at = plainEnd(bytes, at)) {
    if (bytes[at] === quote) return at;
    if (bytes[at] !== backslash) throw new SyntaxError("the line ends within a string");
    // Skips the escaped character, unless a control character stands in its place.
    at += (bytes[at + 1] ?? 0) < space ? 1 : 2;
  }
}
