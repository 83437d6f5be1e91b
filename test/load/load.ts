/**
 * `npm run load`: how a coordinator handles a large job. A real coordinator at a Unix socket serves workers that only
 * exchange messages, and is killed and resumed after the last map. Misbehaving clients run beside the workers. The scheduler
 * is also measured by itself. The result is a report; the only assertion is that the job is done, with every task once.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { playJob, type LoadReport } from "./cluster.js";
import { loadScheduler } from "./scheduler-load.js";
import type { DurationSummary } from "./durations.js";
import type { JobSize, Sample } from "./messages.js";

const { values } = parseArgs({
  options: {
    splits: { type: "string", default: "50000" },
    partitions: { type: "string", default: "1000" },
    workers: { type: "string", default: "200" },
    /** Which of the three parts to run. */
    only: { type: "string", default: "scheduler,job,disturbed" },
  },
});
const size: JobSize = {
  splits: Number(values.splits),
  partitions: Number(values.partitions),
  workers: Number(values.workers),
};
const parts = values.only.split(",");

console.log(`A job of ${size.splits} splits, ${size.partitions} partitions and ${size.workers} workers.\n`);
if (parts.includes("scheduler")) showScheduler();
if (parts.includes("job")) showJob(await play(size, false));
if (parts.includes("disturbed")) await showDisturbed();

function showScheduler(): void {
  const { steps, elapsedMs, stateBytes } = loadScheduler(size);
  console.log(
    `The scheduler alone: ${seconds(elapsedMs)} for all steps, ${mebibytes(stateBytes)} MiB of state at the end.`,
  );
  const row = ({ count, meanMs, p99Ms, maxMs }: DurationSummary) => ({
    steps: count,
    "mean ms": rounded(meanMs),
    "p99 ms": rounded(p99Ms),
    "max ms": rounded(maxMs),
  });
  console.table(Object.fromEntries(Object.entries(steps).map(([type, summary]) => [type, row(summary)])));
}

function showJob({ maps, reduces }: LoadReport): void {
  const { splits, partitions } = size;
  console.log(`All maps: ${seconds(maps.elapsedMs)}, ${perSecond(splits, maps.elapsedMs)} tasks a second.`);
  console.log(`  from a report to the next task: ${shown(maps.workers.report)}`);
  console.log(`  files kept in mind: ${splits * partitions}, at 12 bytes ${mebibytes(splits * partitions * 12)} MiB`);
  console.table(curve(maps.samples));
  console.log(`Killed and resumed: ${seconds(reduces.startMs)} to read the journal.`);
  console.log(`All reduces: ${seconds(reduces.elapsedMs)}, with ${splits * partitions} inputs to be named.`);
  console.log(`  from a report to the next task: ${shown(reduces.workers.report)}`);
  console.table(curve(reduces.samples));
}

async function showDisturbed(): Promise<void> {
  const small = { ...size, splits: Math.ceil(size.splits / 10) };
  const [alone, disturbed] = [await play(small, false), await play(small, true)];
  const rate = ({ maps }: LoadReport) => perSecond(small.splits, maps.elapsedMs);
  console.log(`Maps a second, of ${small.splits}: ${rate(alone)} alone, ${rate(disturbed)} beside`);
  console.log("one that reads nothing, one that sends without end, and one that sends half a line.");
  const of = ({ maps, reduces }: LoadReport) => [maps.disturbances?.cutOff, reduces.disturbances?.cutOff];
  console.log(`  how often they were cut off: ${JSON.stringify(of(disturbed))}`);
  console.log(`  from a report to the next task: ${shown(alone.maps.workers.report)} alone,`);
  console.log(`    ${shown(disturbed.maps.workers.report)} beside them`);
}

async function play(played: JobSize, withDisturbers: boolean): Promise<LoadReport> {
  const root = mkdtempSync(join(tmpdir(), "mr-load-"));
  try {
    const report = await playJob(root, { size: played, withDisturbers });
    const { maps, reduces, left } = report;
    const once =
      maps.workers.accepted.map === played.splits &&
      maps.workers.tasks.map === played.splits &&
      reduces.workers.accepted.map === 0 &&
      reduces.workers.tasks.reduce === played.partitions &&
      reduces.workers.wrongInputs === 0 &&
      left.length === 0;
    if (reduces.phase !== "done" || !once) throw new Error(`not done, or not once: ${JSON.stringify(report, null, 2)}`);
    return report;
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Ten samples, evenly spread over the time. */
function curve(samples: readonly Sample[]) {
  const rows = Array.from({ length: 10 }, (_, n) => samples[Math.floor(((n + 1) * samples.length) / 10) - 1]);
  return rows.flatMap((sample) => {
    if (sample === undefined) return [];
    const { maps, reduces, residentMiB, heapMiB, arraysMiB, journalMiB, openFiles, processorMs } = sample;
    return {
      maps,
      reduces,
      "resident MiB": Math.round(residentMiB),
      "heap MiB": Math.round(heapMiB),
      "arrays MiB": Math.round(arraysMiB),
      "journal MiB": Math.round(journalMiB),
      "open files": openFiles,
      "processor s": rounded(processorMs / 1000),
    };
  });
}

function shown({ meanMs, p99Ms, maxMs }: DurationSummary): string {
  return `mean ${rounded(meanMs)} ms, p99 ${rounded(p99Ms)} ms, max ${rounded(maxMs)} ms`;
}

function perSecond(count: number, elapsedMs: number): number {
  return Math.round((count * 1000) / elapsedMs);
}

function seconds(ms: number): string {
  return `${rounded(ms / 1000)} s`;
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
