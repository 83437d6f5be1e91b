/**
 * Makes an inverted index with positions: for each word the documents it occurs in, and where. It is the paper's "inverted
 * index" (section 2.3) with "additional information to keep track of word positions", which searching for phrases needs.
 *
 *     mr run inverted-index data/pg-*.txt
 *
 * Each line of the output is `word N document:position,position... document:position...`: N documents, sorted by name.
 * The first word of a document has position 1. `indexer` is the one without positions.
 */
import { words, type MapContext } from "mapreduce-ts";

type Posting = readonly [document: string, positions: readonly number[]];

export const args: readonly string[] = [];

export function map(document: string, contents: string, ctx: MapContext<Posting>): void {
  const index = new Map<string, number[]>();
  let position = 0;
  words(contents, (word) => {
    position++;
    const positions = index.get(word);
    if (positions === undefined) index.set(word, [position]);
    else positions.push(position);
  });
  for (const [word, positions] of index) ctx.emit(word, [document, positions]);
}

/** A document that is given twice is still one document. */
export function reduce(_word: string, postings: Posting[]): string {
  const documents = [...new Map(postings)].sort(([a], [b]) => (a < b ? -1 : 1));
  const places = documents.map(([document, positions]) => `${document}:${positions.join(",")}`);
  return `${places.length} ${places.join(" ")}`;
}
