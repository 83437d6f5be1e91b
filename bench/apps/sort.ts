/**
 * Sorts lines `key rest` by their keys: the sort of the paper (section 5.3).
 *
 *     mr run bench/apps/sort.ts records-*.txt
 *
 * Each line of the output is a line of the input, and each output file is sorted. Which file a line is in is decided by
 * the hash of its key; for files that are sorted one after the other, an app would export `partition`.
 */
import type { MapContext, ReduceContext } from "../../src/index.js";

export function map(_filename: string, contents: string, ctx: MapContext<string>): void {
  for (let start = 0; start < contents.length;) {
    const space = contents.indexOf(" ", start);
    const newline = contents.indexOf("\n", space);
    ctx.emit(contents.slice(start, space), contents.slice(space + 1, newline));
    start = newline + 1;
  }
}

/** Writes every value: a key may occur twice. */
export function reduce(key: string, values: string[], ctx: ReduceContext): void {
  for (const value of values) ctx.emit(key, value);
}
