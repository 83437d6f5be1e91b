/**
 * Counts words as the bundled `wc` does, on strings instead of bytes. The output is the same.
 *
 *     mr run bench/apps/wc-strings.js data/pg-*.txt
 */
// An app beside a project that has mapreduce-ts installed imports it by its name; bench/ is a package of its own.
import { words } from "../../dist/src/index.js";

export const input = "text";

export function map(_filename, text, ctx) {
  words(text, (word) => ctx.emit(word, 1));
}

export function combine(_word, counts) {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}

export function reduce(word, counts) {
  return String(combine(word, counts));
}
