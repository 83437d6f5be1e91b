import type { EarlierCounters, KeyValue } from "./contract.js";

/** File contents: in an array, as files named `input-0`, `input-1`, …, or by name. */
export type TestInputs = readonly string[] | Readonly<Record<string, string | Uint8Array>>;

/** Options of `testApp`. */
export interface TestOptions {
  /** The values of `ctx.args`. */
  readonly args?: Readonly<Record<string, string>>;
  /** The number of reduce tasks. Default: 1. */
  readonly reducers?: number;
  /** The paths of `ctx.file(name)`, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** For a step under test alone: the counters of the steps before it, as in `ctx.earlierCounters`. */
  readonly earlierCounters?: EarlierCounters;
  /** The maximum size of an input split in bytes. Default and upper limit: 64 MiB. */
  readonly splitBytes?: number;
}

/** The result of `testApp`. */
export interface TestResult {
  /** The output of `reduce`, in key order; with several reducers, one partition after another. */
  readonly outputs: KeyValue[];
  /** The same pairs, by partition. */
  readonly partitions: KeyValue[][];
  /** The totals of the app's counters. */
  readonly counters: Record<string, number>;
  /** The contents of the side files, by their final names; those of earlier steps are in `mr-step-1/` and so on. */
  readonly sideFiles: Record<string, string>;
  /** The warnings that a job would print about inputs it read anyway. */
  readonly warnings: string[];
}
