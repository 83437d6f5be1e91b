/**
 * Counts how often each line occurs, where (nearly) every line is another one: the output is as large as the input.
 *
 *     mr run bench/apps/distinct.ts keys-*.txt
 *
 * Each line of the output is `line count`.
 */
import type { MapContext } from "../../src/index.js";

export function map(_filename: string, contents: string, ctx: MapContext<string>): void {
  for (let start = 0; start < contents.length;) {
    const newline = contents.indexOf("\n", start);
    ctx.emit(contents.slice(start, newline), "1");
    start = newline + 1;
  }
}

export function reduce(_line: string, ones: string[]): string {
  return String(ones.length);
}
