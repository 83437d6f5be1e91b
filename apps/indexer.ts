/**
 * Makes an inverted index: for each word the documents it occurs in, as the indexer of the MIT 6.5840 lab.
 *
 *     mr run indexer data/pg-*.txt
 *
 * Each line of the output is `word N document,document,...`: N documents, sorted by name. A document that is given
 * twice is still one document.
 */
import { words, type MapContext } from "mapreduce-ts";

export const args: readonly string[] = [];

export function map(document: string, contents: string, ctx: MapContext<string>): void {
  const seen = new Set<string>();
  words(contents, (word) => seen.add(word));
  for (const word of seen) ctx.emit(word, document);
}

export function reduce(_word: string, documents: string[]): string {
  const sorted = [...new Set(documents)].sort();
  return `${sorted.length} ${sorted.join(",")}`;
}
