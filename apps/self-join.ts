/**
 * Joins sets of k elements with each other: two that differ only in their last element make one of k + 1. It is "self-join"
 * of the PUMA benchmarks (Ahmad et al., Purdue University), and the join step of the Apriori algorithm (Agrawal and
 * Srikant 1994, section 2.1.1), which finds what is often bought together.
 *
 *     mr run self-join data/samples/edges.txt      # pairs: what they make are the candidates of triangles
 *
 * Each line of the input is a set, its elements separated by spaces, tabs or commas, in any order; those that begin with
 * `#` are ignored. Each line of the output is a set, sorted, with spaces: it can be joined again.
 */
import type { MapContext, ReduceContext } from "mapreduce-ts";
import { fieldsOf } from "./support/fields.js";

export const input = "lines";
export const args: readonly string[] = [];

/** What two sets must share is the key: all elements but the last. Sets of other sizes have other keys. */
export function map(_filename: string, line: string, ctx: MapContext<string>): void {
  if (line.startsWith("#")) return;
  const elements = [...new Set(fieldsOf(line))].sort();
  const last = elements.pop();
  if (last !== undefined) ctx.emit(elements.join(" "), last);
}

export function reduce(shared: string, lasts: string[], ctx: ReduceContext): void {
  const sorted = [...new Set(lasts)].sort();
  for (const [index, one] of sorted.entries()) {
    const key = shared === "" ? one : `${shared} ${one}`;
    for (const other of sorted.slice(index + 1)) ctx.emit(key, other);
  }
}
