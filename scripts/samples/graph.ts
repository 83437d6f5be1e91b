import type { Choice } from "./choice.js";

/**
 * The edges of a directed graph that grows by preferential attachment, so that a few nodes have many: `from\tto`, below
 * a comment as in SNAP's graphs. An edge may occur twice.
 */
export function edgeList(choice: Choice, nodes: number, edgesOfNode: number): string {
  const ends = [0];
  let edges = "";
  for (let node = 1; node < nodes; node++) {
    for (let edge = 0; edge < edgesOfNode; edge++) {
      const to = choice.of(ends);
      if (to === node) continue;
      edges += `${node}\t${to}\n`;
      ends.push(node, to);
    }
  }
  return `# from\tto\n${edges}`;
}
