import type { ContenderResult } from "../measure/measure-workload.js";
import { median } from "../measure/statistics.js";
import { megabytes, seconds, table } from "./markdown.js";
import { medianSeconds, type WorkloadResult } from "./workload-result.js";

/** The processes of `mr run`, each with its own column. */
const programs = [
  { column: "mr, with the coordinator in it: peak MB", script: "mr" },
  { column: "worker: peak MB", script: "worker-child.js" },
] as const;

/** Time and memory by size; nothing if that was not measured. */
export function scalingTable(all: readonly WorkloadResult[], scale: number): string[] {
  const rows = all.flatMap(({ results }) => results).flatMap((result) => row(result, scale));
  if (rows.length === 0) return [];
  const head = ["MiB", "workers", "median s", "s / GB", "CPU s / GB", ...programs.map(({ column }) => column)];
  return ["## Scaling of word count", "Memory is the peak of the largest process of each kind.", table(head, rows)];
}

function row(result: ContenderResult, scale: number): string[][] {
  const { step } = result.contender;
  const time = medianSeconds(result);
  if (step === undefined || Number.isNaN(time)) return [];
  const gigabytes = (step.mebibytes * 2 ** 20 * scale) / 1e9;
  const cpu = median(result.measurements.map(({ cpuSeconds }) => cpuSeconds));
  return [
    [
      String(step.mebibytes * scale),
      String(step.workers),
      seconds(time),
      seconds(time / gigabytes),
      seconds(cpu / gigabytes),
      ...programs.map(({ script }) => peakOf(result, script)),
    ],
  ];
}

function peakOf({ measurements }: ContenderResult, script: string): string {
  const processes = measurements.flatMap((measurement) => measurement.processes);
  const peaks = processes.filter(({ name }) => name === script).map(({ peakBytes }) => peakBytes);
  return peaks.length === 0 ? "?" : megabytes(Math.max(...peaks));
}
