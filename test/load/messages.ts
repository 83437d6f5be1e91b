/** What the processes of a load test tell one another. */
import type { DurationSummary } from "./durations.js";

/** How large a job is that is played. */
export interface JobSize {
  readonly splits: number;
  readonly partitions: number;
  readonly workers: number;
}

/** What a coordinator is started with, as JSON in its one argument. */
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
  /** Outside of the heap, such as what is kept of intermediate files. */
  readonly arraysMiB: number;
  readonly journalMiB: number;
  readonly openFiles: number;
  readonly processorMs: number;
}

export type CoordinatorMessage =
  | { readonly type: "listening"; readonly startMs: number }
  | ({ readonly type: "sample" } & Sample)
  | { readonly type: "ended"; readonly phase: string; readonly failure: string | undefined; readonly outputs: number };

/** What the workers are started with, as JSON in their one argument. */
export interface WorkersStart {
  readonly socket: string;
  readonly directory: string;
  readonly size: JobSize;
  /** Whether they hold on to the first reduce task that each of them gets, for ever. */
  readonly onlyMaps: boolean;
}

/** What the workers have done when there is nothing more to do for them. */
export interface WorkersEnd {
  /** How many attempts of each kind were accepted. */
  readonly accepted: { readonly map: number; readonly reduce: number };
  /** Of how many different tasks. */
  readonly tasks: { readonly map: number; readonly reduce: number };
  /** Reduce attempts that were given another number of inputs than there are maps. */
  readonly wrongInputs: number;
  /** How long it took from a report to the next task. */
  readonly report: DurationSummary;
}
