/** Strings in the bytes of a JSON text, which ends with a newline. */

const [quote, backslash, space] = [0x22, 0x5c, 0x20];

/** 1 for a byte that stands for itself in a JSON string: all but control characters, quote and backslash. */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= space && byte !== quote && byte !== backslash ? 1 : 0,
);

/** Where the first byte from `start` on is that does not stand for itself. */
export function plainEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isPlain[bytes[at] ?? 0] === 1) at++;
  return at;
}

/** Where the closing quote is of the string whose content begins at `start`. Throws a SyntaxError when it has none. */
export function stringEnd(bytes: Uint8Array, start: number): number {
  for (let at = plainEnd(bytes, start); ; at = plainEnd(bytes, at)) {
    if (bytes[at] === quote) return at;
    if (bytes[at] !== backslash) throw new SyntaxError("the line ends within a string");
    // The escaped character is stepped over, unless it is none.
    at += (bytes[at + 1] ?? 0) < space ? 1 : 2;
  }
}
