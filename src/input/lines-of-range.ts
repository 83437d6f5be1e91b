import type { Split } from "../model/split.js";

const newline = 0x0a;

/** A range of the contents of a file; without `endBytes`, it reaches to the end. */
export type ContentRange = NonNullable<Split["contents"]>;

/**
 * Yields the lines that begin in a range, given the contents of the file from its beginning. Calls `onStart` with the
 * place of the first line before it yields that line. Stops reading as soon as it has the last line.
 *
 * A line begins at the first byte of the range when the byte before it is a newline. So the ranges of a file divide its
 * lines without coordination, wherever they begin and end, even behind the end of the file.
 */
export async function* linesOfRange(
  pieces: AsyncIterable<Uint8Array>,
  { startBytes, endBytes = Infinity }: ContentRange,
  onStart: (place: number) => void,
): AsyncGenerator<Uint8Array> {
  if (startBytes >= endBytes) return;
  let isInRange = startBytes === 0;
  if (isInRange) onStart(0);
  let at = 0;
  for await (const piece of pieces) {
    const pieceEnd = at + piece.length;
    let from = 0;
    if (!isInRange) {
      const lineStart = startOfLine(piece, startBytes - at);
      if (lineStart === undefined ? pieceEnd >= endBytes - 1 : at + lineStart >= endBytes) return;
      if (lineStart !== undefined) {
        isInRange = true;
        from = lineStart;
        onStart(at + from);
      }
    }
    if (isInRange) {
      const lineStart = startOfLine(piece, endBytes - at);
      if (lineStart !== undefined) {
        if (lineStart > from) yield piece.subarray(from, lineStart);
        return;
      }
      if (from < piece.length) yield piece.subarray(from);
    }
    at = pieceEnd;
  }
}

/** Where the first line begins behind a newline of the piece and at or after `place`; undefined when none does. */
function startOfLine(piece: Uint8Array, place: number): number | undefined {
  if (place > piece.length) return undefined;
  const found = piece.indexOf(newline, Math.max(0, place - 1));
  return found < 0 ? undefined : found + 1;
}
