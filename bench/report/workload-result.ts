import type { ContenderResult } from "../measure/measure-workload.js";
import { isWrong } from "../measure/outputs.js";
import { median } from "../measure/statistics.js";
import type { Workload } from "../workloads/workload.js";

/** What has come out of a workload: for each contender that was there, in the workload's order. */
export interface WorkloadResult {
  readonly workload: Workload;
  readonly results: readonly ContenderResult[];
  /** Names of the contenders whose program is not installed. */
  readonly lacking: readonly string[];
}

/** Median wall time, in seconds; NaN when there is none, or none to be believed. */
export function medianSeconds(result: ContenderResult | undefined): number {
  if (result === undefined || isWrong(result.verdict)) return NaN;
  return median(result.measurements.map(({ seconds }) => seconds));
}

/** Most memory that all processes of it were seen to have at one time, in bytes. */
export function peakSumBytes({ measurements }: ContenderResult): number {
  return Math.max(...measurements.map((measurement) => measurement.peakSumBytes));
}

/** Most memory that any process of it ever had, in bytes. */
export function peakBytes({ measurements }: ContenderResult): number {
  return Math.max(...measurements.flatMap(({ processes }) => processes.map((process) => process.peakBytes)));
}
