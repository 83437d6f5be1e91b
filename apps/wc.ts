/**
 * Counts how often each word occurs: the word count of the paper (section 2.1) and of the MIT 6.5840 lab.
 * A word is a run of Unicode letters; case is kept.
 *
 *     mr run wc data/pg-*.txt
 *
 * Each line of the output is `word count`.
 */
import { wordsInBytes, type MapContext } from "mapreduce-ts";

/** A file may be cut at any line end: no word crosses one. */
export const input = "text";
export const args: readonly string[] = [];

/** On bytes, since that is fastest; on strings it is `map(_, text, ctx) { words(text, (word) => ctx.emit(word, 1)) }`. */
export function mapBytes(_filename: string, text: Uint8Array, ctx: MapContext<number>): void {
  wordsInBytes(text, (start, end) => ctx.emitBytes(text, start, end, 1));
}

/** Counts are added up wherever there are some, so that no list of ones grows with the input. */
export function combine(_word: string, counts: number[]): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}

export function reduce(word: string, counts: number[]): number {
  return combine(word, counts);
}
