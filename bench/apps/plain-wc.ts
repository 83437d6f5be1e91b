/**
 * Counts words as one writes it in the MIT 6.5840 lab: `map` returns an array of pairs, `reduce` how many there are.
 *
 *     mr run bench/apps/plain-wc.ts data/pg-*.txt
 *
 * The bundled `wc` gives the same output.
 */
import type { KeyValue } from "../../src/index.js";

export function map(_filename: string, contents: string): KeyValue<string>[] {
  const pairs: KeyValue<string>[] = [];
  for (const word of contents.match(/\p{L}+/gu) ?? []) pairs.push({ key: word, value: "1" });
  return pairs;
}

export function reduce(_word: string, ones: string[]): string {
  return String(ones.length);
}
