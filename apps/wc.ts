/**
 * Counts how often each word occurs: the word count of the paper (section 2.1) and of the MIT 6.5840 lab.
 * A word is a run of Unicode letters; case is kept.
 *
 *     mr run wc data/pg-*.txt
 *
 * Each line of the output is `word count`.
 */
import { words, type MapContext } from "mapreduce-ts";

export function map(_filename: string, contents: string, ctx: MapContext<string>): void {
  words(contents, (word) => ctx.emit(word, "1"));
}

export function reduce(_word: string, ones: string[]): string {
  return String(ones.length);
}
