/** The messages between the processes of a load test. */
import type { DurationSummary } from "./durations.js";

/** The size of the job. */
export interface JobSize {
  readonly splits: number;
  readonly partitions: number;
  readonly workers: number;
}

/** The data with which a coordinator starts, as JSON in its only argument. */
export interface CoordinatorStart {
  readonly input: string;
  readonly directory: string;
  readonly socket: string;
  readonly size: JobSize;
  readonly resume: boolean;
}

export interface Sample {
  readonly maps: number;
  readonly reduces: number;
  readonly workers: number;
  readonly residentMiB: number;
  readonly heapMiB: number;
  /** Memory outside of the heap, such as the recorded intermediate files. */
  readonly arraysMiB: number;
  readonly journalMiB: number;
  readonly openFiles: number;
  readonly processorMs: number;
}

export type CoordinatorMessage =
  | { readonly type: "listening"; readonly startMs: number }
  | ({ readonly type: "sample" } & Sample)
  | { readonly type: "ended"; readonly phase: string; readonly failure: string | undefined; readonly outputs: number };

/** The data with which the workers start, as JSON in their only argument. */
export interface WorkersStart {
  readonly socket: string;
  readonly directory: string;
  readonly size: JobSize;
  /** Whether each worker keeps its first reduce task forever. */
  readonly onlyMaps: boolean;
}

/** The results of the workers when there is no more work for them. */
export interface WorkersEnd {
  /** How many attempts of each kind were accepted. */
  readonly accepted: { readonly map: number; readonly reduce: number };
  /** How many different tasks they belong to. */
  readonly tasks: { readonly map: number; readonly reduce: number };
  /** Reduce attempts whose number of inputs differs from the number of maps. */
  readonly wrongInputs: number;
  /** The time from a report to the next task. */
  readonly report: DurationSummary;
}
