/**
 * Sorts lines: the distributed sort of the paper (sections 2.3 and 5.3), in which the engine does all of the work.
 *
 *     mr run sort --partitioner range data/samples/access-*.log && cat $(ls -v mr-output/mr-out-*)
 *
 * Lines are ordered by their UTF-8 bytes, as `LC_ALL=C sort` orders them, and each occurs as often as in the input. Without
 * `--partitioner range` each output file is sorted for itself, and `mr cat` merges them.
 */
import type { MapContext, ReduceContext } from "mapreduce-ts";

export const input = "text";
export const args: readonly string[] = [];

const newline = 10;

export function mapBytes(_filename: string, text: Uint8Array, ctx: MapContext<string>): void {
  for (let start = 0; start < text.length;) {
    const found = text.indexOf(newline, start);
    const end = found === -1 ? text.length : found;
    ctx.emitBytes(text, start, end, "");
    start = end + 1;
  }
}

/** Streamed, since a line may occur any number of times. */
export function reduceStream(line: string, occurrences: Iterable<string>, ctx: ReduceContext): void {
  for (const occurrence of occurrences) ctx.emit(line, occurrence);
}
