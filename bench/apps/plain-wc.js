/**
 * Counts words as in the MIT 6.5840 lab: `map` returns an array of pairs, `reduce` their number.
 *
 *     mr run bench/apps/plain-wc.js data/pg-*.txt
 *
 * The bundled `wc` gives the same output.
 */
export const input = "file";

export function map(_filename, contents) {
  const pairs = [];
  for (const word of contents.match(/\p{L}+/gu) ?? []) pairs.push({ key: word, value: "1" });
  return pairs;
}

export function reduce(_word, ones) {
  return String(ones.length);
}
