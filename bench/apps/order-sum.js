/**
 * Sums a field of JSON Lines by two others.
 *
 *     mr run bench/apps/order-sum.js orders-0001.txt
 */
export const input = "jsonl";

export function map(_filename, { country, product, cents }, ctx) {
  ctx.emit(`${country}|${product}`, cents);
}

export function combine(_key, values) {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

export function reduce(key, values) {
  return combine(key, values);
}
