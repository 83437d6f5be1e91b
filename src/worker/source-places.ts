import type { Profiler } from "node:inspector";
import { findSourceMap, type SourceMapping } from "node:module";

/**
 * Converts a CPU profile to source positions, as in stack traces: profile viewers read no source maps, and TypeScript
 * runs as one long line. Drops the distribution of time over the lines of a function, because V8 counts the lines of
 * the code it runs.
 */
export function withSourcePlaces(profile: Profiler.Profile): Profiler.Profile {
  return { ...profile, nodes: profile.nodes.map(inSource) };
}

function inSource(node: Profiler.ProfileNode): Profiler.ProfileNode {
  const { url, lineNumber, columnNumber } = node.callFrame;
  // The entry has no properties for code without a source, such as what the compiler adds.
  const entry: Partial<SourceMapping> | undefined = findSourceMap(url)?.findEntry(lineNumber, columnNumber);
  if (entry?.originalLine === undefined || entry.originalColumn === undefined) return node;
  const place = { lineNumber: entry.originalLine, columnNumber: entry.originalColumn };
  return { ...node, positionTicks: [], callFrame: { ...node.callFrame, ...place } };
}
