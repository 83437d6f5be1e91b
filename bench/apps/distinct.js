/**
 * Counts how often each line occurs, where (nearly) all lines differ: the output is as large as the input.
 *
 *     mr run bench/apps/distinct.js keys-*.txt
 *
 * Each line of the output is `line count`.
 */
const newline = 10;

export const input = "text";

export function mapBytes(_filename, chunk, ctx) {
  const { length } = chunk;
  for (let start = 0; start < length;) {
    // Lines are short, so a loop is faster than `indexOf`.
    let end = start;
    while (end < length && chunk[end] !== newline) end++;
    ctx.emitBytes(chunk, start, end, 1);
    start = end + 1;
  }
}

export function combine(_line, counts) {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}

export function reduce(line, counts) {
  return String(combine(line, counts));
}
