/**
 * Sorts lines `key rest` by their keys: the sort of the paper (section 5.3).
 *
 *     mr run bench/apps/sort.js records-*.txt
 *
 * Each line of the output is a line of the input, and each output file is sorted. The hash of its key decides which
 * file a line goes to; to get consecutive files, an app would export `partition`.
 */
const [newline, space] = [10, 32];

export const input = "text";

export function mapBytes(_filename, chunk, ctx) {
  for (let start = 0; start < chunk.length;) {
    const found = chunk.indexOf(newline, start);
    const end = found < 0 ? chunk.length : found;
    let keyEnd = start;
    while (keyEnd < end && chunk[keyEnd] !== space) keyEnd++;
    ctx.emitSlices(chunk, start, keyEnd, Math.min(keyEnd + 1, end), end);
    start = end + 1;
  }
}

/** Writes every value: a key may occur twice. */
export function reduce(key, values, ctx) {
  for (const value of values) ctx.emit(key, value);
}
