/**
 * `crash` without the crashes: a test app, after the one of the MIT 6.5840 lab. Its output is what `crash` must give.
 *
 *     mr sequential nocrash data/pg-*.txt
 */
import type { MapContext } from "mapreduce-ts";

export const args: readonly string[] = [];

export function map(filename: string, contents: string, ctx: MapContext<string>): void {
  ctx.emit("a", filename);
  ctx.emit("b", String(filename.length));
  ctx.emit("c", String(contents.length));
  ctx.emit("d", "xyzzy");
}

export function reduce(_key: string, values: string[]): string {
  return values.sort().join(" ");
}
