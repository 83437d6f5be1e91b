/**
 * Sums numbers by key, of which one has most of them: its values must not all be in memory at once.
 *
 *     mr run bench/apps/hot-key.ts pairs-*.txt
 *
 * Lines of the input are `key number`, those of the output `key count sum`. There is no `combine`, on purpose: what is
 * measured is the way of many values of one key.
 */
import type { MapContext } from "../../src/index.js";

export function map(_filename: string, contents: string, ctx: MapContext<string>): void {
  for (let start = 0; start < contents.length;) {
    const space = contents.indexOf(" ", start);
    const newline = contents.indexOf("\n", space);
    ctx.emit(contents.slice(start, space), contents.slice(space + 1, newline));
    start = newline + 1;
  }
}

export function reduceStream(_key: string, values: Iterable<string>): string {
  let count = 0;
  let sum = 0;
  for (const value of values) {
    count++;
    sum += Number(value);
  }
  return `${count} ${sum}`;
}
