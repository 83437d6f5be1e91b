/**
 * The group-by questions 1 to 5 and 10 of db-benchmark:
 *
 *     mr run bench/apps/group-by.js rows-0001.txt --arg question=3
 *
 * `v3` is in millionths, so that all programs get the same sums. A mean is given as sum and count.
 */
export const input = "csv";
export const args = ["question"];

const millionths = (text) => Math.round(Number(text) * 1e6);
const questions = {
  1: ({ id1, v1 }, ctx) => ctx.emit(id1, [Number(v1)]),
  2: ({ id1, id2, v1 }, ctx) => ctx.emit(`${id1}|${id2}`, [Number(v1)]),
  3: ({ id3, v1, v3 }, ctx) => ctx.emit(id3, [Number(v1), millionths(v3), 1]),
  4: ({ id4, v1, v2, v3 }, ctx) => ctx.emit(id4, [Number(v1), Number(v2), millionths(v3), 1]),
  5: ({ id6, v1, v2, v3 }, ctx) => ctx.emit(id6, [Number(v1), Number(v2), millionths(v3)]),
  10: ({ id1, id2, id3, id4, id5, id6, v3 }, ctx) =>
    ctx.emit(`${id1}|${id2}|${id3}|${id4}|${id5}|${id6}`, [millionths(v3), 1]),
};
let emitRow;

export function setup(ctx) {
  emitRow = questions[ctx.args.question];
}

export function map(_filename, row, ctx) {
  emitRow(row, ctx);
}

export function combine(_key, values) {
  const sums = values[0].slice();
  for (let n = 1; n < values.length; n++) for (let at = 0; at < sums.length; at++) sums[at] += values[n][at];
  return sums;
}

export function reduce(key, values) {
  return combine(key, values).join(" ");
}
