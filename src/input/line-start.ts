import { readSync } from "node:fs";

const newline = 0x0a;
const blockBytes = 64 * 1024;

/**
 * Where the first line begins that does so at `position` or later, in bytes; the end of the file when there is none.
 *
 * It is how the splits of a file share its lines: a split has the lines that begin in it, and both neighbours of a
 * boundary find the same place, without a word to each other.
 */
export function lineStart(descriptor: number, position: number): number {
  if (position === 0) return 0;
  const block = Buffer.allocUnsafe(blockBytes);
  // A line begins at the position itself when the byte before it is a newline.
  for (let at = position - 1; ;) {
    const bytes = readSync(descriptor, block, 0, blockBytes, at);
    if (bytes === 0) return at;
    const found = block.subarray(0, bytes).indexOf(newline);
    if (found >= 0) return at + found + 1;
    at += bytes;
  }
}
