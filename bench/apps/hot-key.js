/**
 * Sums numbers by key, of which one has most of them: its values must not all be in memory at once.
 *
 *     mr run bench/apps/hot-key.js pairs-*.txt
 *
 * Lines of the input are `key number`, those of the output `key count sum`. There is no `combine`, on purpose: what is
 * measured is the way of many values of one key.
 */
const [newline, space] = [10, 32];

export const input = "text";

export function mapBytes(_filename, chunk, ctx) {
  const { length } = chunk;
  for (let start = 0; start < length;) {
    // Lines are short: a loop is faster than a call of `indexOf` for each.
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
