import prettyBytes from "pretty-bytes";
import type { Found, PeerName } from "../peers/peers.js";
import { peers } from "../peers/peers.js";
import type { Machine } from "./machine.js";
import { table } from "./markdown.js";
import { scalingTable } from "./scaling-table.js";
import { targetsOf } from "./targets.js";
import type { WorkloadResult } from "./workload-result.js";
import { threads } from "../workloads/workload.js";
import { workloadSection } from "./workload-table.js";

/** Everything that a benchmark run reports. */
export interface Report {
  readonly date: Date;
  readonly machine: Machine;
  readonly found: ReadonlyMap<PeerName, Found>;
  readonly runs: number;
  readonly scale: number;
  readonly workloads: readonly WorkloadResult[];
  /** Hand-written notes about the results, in Markdown. */
  readonly notes: string;
}

const legend = `\
- **median s**, **min–max**: wall time from the start of the first process to the end of the last one. Programs take
  turns (A B C A B C …), after one run each that does not count; **runs** is how many did. Where it says cold, there was
  none before. Programs that take long, or that have no target, run less often than mapreduce-ts.
- **CPU s**: time of all processes on the processors, in user mode and in the kernel (median).
- **peak MB of the largest process**: most resident memory that any single process had, in millions of bytes, in any run.
- **peak MB of all processes**: the greatest sum over all processes that was seen at one time. Code that several processes
  of one program share is counted once.
- **mapreduce-ts / it**: median of mapreduce-ts divided by the median of this program. Less than 1: mapreduce-ts is faster.
- **WRONG**: its output differs from that of the others, or from that of its own first run, so it has no time.
  **unchecked**: there was no other program to compare its output with.
- **?**: not known. Memory is looked at every 25 ms, and some programs take no longer.
- In the commands, \`mr\` is the program of mapreduce-ts, \`$DATA\` the directory of the input and \`$BENCH\` the directory
  of this file.
- All may use ${threads} threads, workers or jobs. What is measured and why it is fair or not: [README.md](README.md).`;

/** The results in Markdown. */
export function renderResults(report: Report): string {
  return [
    "<!-- Made by `npm run bench`; not to be edited. Notes come from bench/notes.md. -->",
    "# Results of the benchmark",
    `Measured with \`npm run bench\` on ${report.date.toISOString().slice(0, 10)}; medians of ${report.runs} ` +
      `${report.runs === 1 ? "run" : "runs"} where a table says no other number` +
      `${report.scale === 1 ? "" : `; all sizes times ${report.scale}, so targets say little`}.`,
    "## Targets",
    "What mapreduce-ts is to reach. A ratio is its time divided by that of the other program.",
    targets(report.workloads),
    "## How to read the tables",
    legend,
    "## Machine",
    machine(report.machine),
    "## Programs",
    programs(report.found),
    ...scalingTable(report.workloads, report.scale),
    ...report.workloads.map(workloadSection),
    report.notes.trim(),
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
