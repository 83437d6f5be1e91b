/**
 * The billion-row challenge like `temperatures.js`, with a `combine` of its own on arrays.
 *
 *     mr run bench/apps/temperatures-arrays.js rows-0001.txt
 */
export const input = "lines";

export function map(_filename, line, ctx) {
  const at = line.indexOf(";");
  const tenths = Math.round(Number(line.slice(at + 1)) * 10);
  ctx.emit(line.slice(0, at), [tenths, tenths, tenths, 1]);
}

export function combine(_station, values) {
  let [least, greatest, sum, count] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    if (value[0] < least) least = value[0];
    if (value[1] > greatest) greatest = value[1];
    sum += value[2];
    count += value[3];
  }
  return [least, greatest, sum, count];
}

export function reduce(station, values) {
  return combine(station, values).join(" ");
}
