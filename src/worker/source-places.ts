import type { Profiler } from "node:inspector";
import { findSourceMap, type SourceMapping } from "node:module";

/**
 * A CPU profile whose functions are where they stand in the source, as stacks have them: what reads profiles reads no source
 * maps, and TypeScript is run as one long line. How the time is spread over the lines of a function is left out there, since
 * V8 counts the lines of what it runs.
 */
export function withSourcePlaces(profile: Profiler.Profile): Profiler.Profile {
  return { ...profile, nodes: profile.nodes.map(inSource) };
}

function inSource(node: Profiler.ProfileNode): Profiler.ProfileNode {
  const { url, lineNumber, columnNumber } = node.callFrame;
  // It has no properties for what is in no source, such as what the compiler adds.
  const entry: Partial<SourceMapping> | undefined = findSourceMap(url)?.findEntry(lineNumber, columnNumber);
  if (entry?.originalLine === undefined || entry.originalColumn === undefined) return node;
  const place = { lineNumber: entry.originalLine, columnNumber: entry.originalColumn };
  return { ...node, positionTicks: [], callFrame: { ...node.callFrame, ...place } };
}
