/**
 * Does what `csv-sum.js` does, for files without quotes, as `lines` that are split at commas.
 *
 *     mr run bench/apps/lines-sum.js sales-0001.txt
 */
export const input = "lines";

export function map(_filename, line, ctx) {
  // The header.
  if (ctx.offset === 0) return;
  const [, , region, product, , cents] = line.split(",");
  ctx.emit(`${region}|${product}`, Number(cents));
}

export { combine, reduce } from "./csv-sum.js";
