import prettyBytes from "pretty-bytes";
import type { Found, PeerName } from "../peers/peers.js";
import { peers } from "../peers/peers.js";
import type { Machine } from "./machine.js";
import { table } from "./markdown.js";
import { scalingTable } from "./scaling-table.js";
import { targetsOf } from "./targets.js";
import type { WorkloadResult } from "./workload-result.js";
import { workloadSection } from "./workload-table.js";

/** All that a run of the benchmark has to say. */
export interface Report {
  readonly date: Date;
  readonly machine: Machine;
  readonly found: ReadonlyMap<PeerName, Found>;
  readonly runs: number;
  readonly scale: number;
  readonly workloads: readonly WorkloadResult[];
  /** What a person has written about the results, in Markdown. */
  readonly notes: string;
}

/** The results in Markdown. */
export function renderResults(report: Report): string {
  return [
    "<!-- Made by `npm run bench`; not to be edited. Notes come from bench/notes.md. -->",
    "# Results of the benchmark",
    `[README.md](README.md) says how to read this. ${report.date.toISOString().slice(0, 10)}; medians of ${report.runs} ${report.runs === 1 ? "run" : "runs"} ` +
      `in alternation, each after a warm-up${report.scale === 1 ? "" : `; all sizes times ${report.scale}`}.`,
    "## Targets",
    targets(report.workloads),
    report.notes.trim(),
    "## Machine",
    machine(report.machine),
    "## Programs",
    programs(report.found),
    ...scalingTable(report.workloads, report.scale),
    ...report.workloads.map(workloadSection),
  ].join("\n\n");
}

function targets(results: readonly WorkloadResult[]): string {
  const words = (met: boolean | undefined): string => (met === undefined ? "?" : met ? "met" : "**missed**");
  const rows = targetsOf(results).map(({ what, limit, reached, met }) => [what, `≤ ${limit}`, reached, words(met)]);
  return table(["what", "target", "reached", ""], rows);
}

function machine(its: Machine): string {
  const memory = prettyBytes(its.memoryBytes, { binary: true });
  const disk = prettyBytes(its.diskBytesPerSecond);
  return [
    `- ${its.processor}, ${its.cores} cores, ${memory} of memory, Linux ${its.kernel}`,
    `- Node ${its.node}, which starts and ends in ${its.nodeStartSeconds.toFixed(3)} s`,
    `- Disk: 256 MiB written and flushed at ${disk}/s`,
  ].join("\n");
}

function programs(found: ReadonlyMap<PeerName, Found>): string {
  const lines = [...found].map(([name, what]) => {
    const { title, install } = peers[name];
    if ("version" in what) return `- ${title} ${what.version}`;
    return `- ${title} was not measured (${what.lacks}); to install it: \`${install}\``;
  });
  return lines.join("\n");
}
