import type { KeyValue } from "./contract.js";

/** What `testApp` may be told. */
export interface TestOptions {
  /** The values of `ctx.args`. */
  readonly args?: Readonly<Record<string, string>>;
  /** Number of reduce tasks; 1 when absent. */
  readonly reducers?: number;
  /** The paths of `ctx.file(name)`, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** How long a split of an input is at most, in bytes; 64 MiB when absent or more. */
  readonly splitBytes?: number;
}

/** What has become of the inputs. */
export interface TestResult {
  /** What `reduce` gave, in the order of the keys; with several reducers, one partition after the other. */
  readonly outputs: KeyValue[];
  /** The same, by partition. */
  readonly partitions: KeyValue[][];
  /** The sums of the app's counters. */
  readonly counters: Record<string, number>;
  /** The contents of its side files, by their final names; those of the steps before the last are in `mr-step-1/` and so on. */
  readonly sideFiles: Record<string, string>;
  /** What a job would tell its user about inputs that it has read all the same. */
  readonly warnings: string[];
}
