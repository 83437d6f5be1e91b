import type { KeyValue } from "mapreduce-ts";

/** `map` is called for each line of the input files. */
export const input = "lines";

/** What to count: here words, in lower case. */
export function map(file: string, line: string): KeyValue<number>[] {
  const words = line.toLowerCase().match(/\p{L}+/gu) ?? [];
  return words.map((word) => ({ key: word, value: 1 }));
}

/** Adds counts up on the way to `reduce`, so that fewer of them travel. */
export function combine(word: string, counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count);
}

/** What it returns becomes the line `word count`. */
export function reduce(word: string, counts: readonly number[]): number {
  return combine(word, counts);
}
