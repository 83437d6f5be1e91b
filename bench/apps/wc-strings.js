/**
 * Counts words as the bundled `wc` does, but on strings instead of bytes. The output is the same.
 *
 *     mr run bench/apps/wc-strings.js data/pg-*.txt
 */
// An app in a project that has installed mapreduce-ts imports it by its name, but bench/ is a separate package.
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
