/**
 * Counts how often each sequence of n words occurs, n being 2 unless told otherwise. (For n = 1 it is `wc`.)
 *
 *     mr run n-grams --arg n=3 data/pg-*.txt
 *
 * Words are those of `wc`; an n-gram is within one line, whatever is between its words. Each line of the output is
 * `word word... count`.
 */
import { wordsInBytes, type MapContext } from "mapreduce-ts";
import { positiveArg } from "./support/positive-arg.js";

/** A file may be cut at any line end: no n-gram crosses one. */
export const input = "text";
export const args = ["n"];

const [newline, space] = [10, 32];

export function mapBytes(_filename: string, text: Uint8Array, ctx: MapContext<number>): void {
  const n = positiveArg(ctx.args, "n", 2);
  // The words of a line with one space between each two: in there, an n-gram is a slice.
  const line = new Uint8Array(text.length + 1);
  const starts: number[] = [];
  let length = 0;
  let next = text.indexOf(newline);
  wordsInBytes(text, (start, end) => {
    if (next !== -1 && start > next) {
      starts.length = length = 0;
      next = text.indexOf(newline, start);
    }
    starts.push(length);
    for (let at = start; at < end; at++) line[length++] = text[at] ?? 0;
    const first = starts.at(-n);
    if (first !== undefined) ctx.emitBytes(line, first, length, 1);
    line[length++] = space;
  });
}

export { sum as combine, sum as reduce } from "./support/sum.js";
