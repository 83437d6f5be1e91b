/**
 * Sums a column of a CSV file by two others.
 *
 *     mr run bench/apps/csv-sum.js sales-0001.txt
 */
export const input = "csv";

export function map(_filename, { region, product, cents }, ctx) {
  ctx.emit(`${region}|${product}`, Number(cents));
}

export function combine(_key, values) {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

export function reduce(key, values) {
  return combine(key, values);
}
