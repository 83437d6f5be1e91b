/**
 * Sums numbers by key, where one key has most of the numbers: its values must not all be in memory at once.
 *
 *     mr run bench/apps/hot-key.js pairs-*.txt
 *
 * The input has lines `key number`, the output `key count sum`. There is deliberately no `combine`: the benchmark
 * measures how many values of one key travel.
 */
const [newline, space] = [10, 32];

export const input = "text";

export function mapBytes(_filename, chunk, ctx) {
  const { length } = chunk;
  for (let start = 0; start < length;) {
    // Lines are short, so a loop is faster than `indexOf`.
    let keyEnd = start;
    while (keyEnd < length && chunk[keyEnd] !== space) keyEnd++;
    let end = keyEnd + 1;
    while (end < length && chunk[end] !== newline) end++;
    ctx.emitSlices(chunk, start, keyEnd, keyEnd + 1, end);
    start = end + 1;
  }
}

export function reduceStream(_key, values) {
  let count = 0;
  let sum = 0;
  for (const value of values) {
    count++;
    sum += Number(value);
  }
  return `${count} ${sum}`;
}
