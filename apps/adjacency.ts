/**
 * Makes adjacency lists of a directed graph from its edges: for each node those it has an edge from, and those it has one
 * to. It is "adjacency list" of the PUMA benchmarks (Ahmad et al., Purdue University), the first step of PageRank.
 *
 *     mr run adjacency data/samples/edges.txt
 *
 * Lines of the input are `from to`, separated by spaces, tabs or a comma; what comes then is ignored, as are lines that
 * begin with `#`. Others are counted as `malformed lines`. Each line of the output is `node {"from":[...],"to":[...]}`,
 * each list sorted and without duplicates.
 */
import type { MapContext } from "mapreduce-ts";
import { fieldsOf } from "./support/fields.js";

export const input = "lines";
export const args: readonly string[] = [];

/** The other node, and whether the edge comes from it (`<`) or goes to it (`>`). */
type Neighbour = `${"<" | ">"}${string}`;

export function map(_filename: string, line: string, ctx: MapContext<Neighbour>): void {
  if (line.startsWith("#")) return;
  const [from, to] = fieldsOf(line);
  if (from === undefined || to === undefined) {
    ctx.counter("malformed lines").add();
    return;
  }
  ctx.emit(from, `>${to}`);
  ctx.emit(to, `<${from}`);
}

export function reduce(_node: string, neighbours: Neighbour[]): { from: string[]; to: string[] } {
  const sorted = [...new Set(neighbours)].sort();
  const all = (mark: string) => sorted.filter((node) => node.startsWith(mark)).map((node) => node.slice(1));
  return { from: all("<"), to: all(">") };
}
