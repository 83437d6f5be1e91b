import type { ContenderResult } from "../measure/measure-workload.js";
import { isWrong } from "../measure/outputs.js";
import { median } from "../measure/statistics.js";
import type { Workload } from "../workloads/workload.js";

/** The results of a workload: one per available contender, in the workload's order. */
export interface WorkloadResult {
  readonly workload: Workload;
  readonly results: readonly ContenderResult[];
  /** Names of the contenders whose program is not installed. */
  readonly lacking: readonly string[];
}

/** Median wall time in seconds; NaN without a credible measurement. */
export function medianSeconds(result: ContenderResult | undefined): number {
  if (result === undefined || isWrong(result.verdict)) return NaN;
  return median(result.measurements.map(({ seconds }) => seconds));
}

/** The greatest memory of all its processes at one time that was observed, in bytes. */
export function peakSumBytes({ measurements }: ContenderResult): number {
  return Math.max(...measurements.map((measurement) => measurement.peakSumBytes));
}

/** The peak memory of any of its processes, in bytes. */
export function peakBytes({ measurements }: ContenderResult): number {
  return Math.max(...measurements.flatMap(({ processes }) => processes.map((process) => process.peakBytes)));
}
