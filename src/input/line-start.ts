import type { Split } from "../model/split.js";
import type { InputHandle } from "./input-handle.js";

const newline = 0x0a;
const blockBytes = 64 * 1024;

/**
 * The range in the file, in bytes, of the lines that begin in a split; empty when none does.
 *
 * This is how the splits of a file divide its lines: both neighbours of a boundary find the same place without
 * coordination. A line much longer than a split costs extra reads: each split inside it reads from its own start to the
 * end of the line, only to find no line of its own. That averages half the line per split, so all splits of a line of a
 * hundred splits together read it fifty times.
 */
export function linesOfSplit(
  handle: InputHandle,
  { startBytes, endBytes }: Split,
): { readonly start: number; readonly end: number } {
  const start = lineStart(handle, startBytes);
  // No line begins in the split: the next one after its end is the same.
  return { start, end: start >= endBytes ? start : lineStart(handle, endBytes) };
}

/** The start of the first line that begins at or after `position`; the end of the file when there is none. */
function lineStart(handle: InputHandle, position: number): number {
  if (position === 0) return 0;
  if (position >= handle.sizeBytes) return handle.sizeBytes;
  const block = Buffer.allocUnsafe(blockBytes);
  // A line begins at `position` itself when the byte before it is a newline.
  for (let at = position - 1; ;) {
    const bytes = handle.read(block, 0, blockBytes, at);
    if (bytes === 0) return Math.min(at, handle.sizeBytes);
    const found = block.subarray(0, bytes).indexOf(newline);
    if (found >= 0) return at + found + 1;
    at += bytes;
  }
}
