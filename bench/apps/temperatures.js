/**
 * The billion-row challenge: the least, mean and greatest temperature of each station.
 *
 *     mr run bench/apps/temperatures.js rows-0001.txt
 *
 * The input has lines `station;temperature`, the output `station least greatest sum count`. Temperatures are in tenths of a
 * degree, so that all programs get the same sums.
 */
import { stats } from "../../dist/src/index.js";
export const input = "lines";
export function map(_filename, line, ctx) {
  const at = line.indexOf(";");
  ctx.emit(line.slice(0, at), Math.round(Number(line.slice(at + 1)) * 10));
}
export const combine = stats.combine;
export function reduce(station, values) {
  const { min, max, sum, count } = stats(station, values);
  return `${min} ${max} ${sum} ${count}`;
}
