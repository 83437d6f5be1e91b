/** The settings of a job, and its outcome. */
import * as v from "valibot";
import { ratePerSecond } from "./app-identity.js";
import { isMapConcurrency } from "./map-limits.js";
import type { Count } from "./measures.js";
import { outputFormats } from "./output-format.js";
import { args, count, counters } from "./schemas.js";
import { sharedFile, type SharedFile } from "./split.js";

/** How a job ended. `stopped`: early but gracefully, so that it can be resumed. */
export const jobOutcome = v.picklist(["done", "failed", "stopped"]);

export type JobOutcome = v.InferOutput<typeof jobOutcome>;

/** How keys are assigned to reduce tasks: by hash or by range. */
export const partitioner = v.picklist(["hash", "range"]);

export type Partitioner = v.InferOutput<typeof partitioner>;

/** The format of output files that the user chose: see `output-format.ts`. */
export const outputSettings = v.strictObject({
  format: v.optional(v.picklist(outputFormats)),
  values: v.optional(v.literal(true)),
  formatIsDefault: v.optional(v.literal(true)),
  compress: v.optional(v.literal("gz")),
});

/** The settings of a job that its workers know. */
export const workerJob = v.strictObject({
  id: v.string(),
  /** With 0, each map task writes an output file. */
  reducers: count,
  output: outputSettings,
  /** With `range`, the worker fetches the boundaries with `ListBoundaries`. */
  partitioner,
  /** The directory of intermediate and output files. */
  directory: v.string(),
  /** The name prefix of intermediate files; not empty if an earlier job's files were kept. */
  intermediatePrefix: v.string(),
  args,
  files: v.array(sharedFile),
  /** In a pipeline, the totals of the counters of each earlier step; omitted in the first step, and without a pipeline. */
  earlierCounters: v.optional(v.array(counters)),
  /** How much memory the pairs of a map attempt may take before they are spilled. */
  collectorBytes: v.pipe(count, v.minValue(1)),
  /** Whether map attempts check that `combine` does not change the result of `reduce`; omitted when they do not. */
  checksCombine: v.optional(v.literal(true)),
  /** How many records of a map attempt may be in flight, whatever the app says; left out when the app decides. */
  mapConcurrency: v.optional(
    v.pipe(
      v.number(),
      v.check((n) => isMapConcurrency(n)),
    ),
  ),
  /** How many calls of `map` may begin in a second in the whole job; left out when the app decides. */
  ratePerSecond: v.optional(ratePerSecond),
  taskTimeoutMs: v.pipe(v.number(), v.minValue(1)),
  /** An attempt that finishes no record for this long is ended; omitted when it may take any time. */
  attemptTimeoutMs: v.optional(v.pipe(v.number(), v.minValue(1))),
  heartbeatIntervalMs: v.pipe(v.number(), v.minValue(1)),
});

export type WorkerJob = v.InferOutput<typeof workerJob>;

/** The settings of a job: complete, validated, immutable. */
export interface JobSettings {
  readonly id: string;
  /** With 0, the output is what the maps emit. */
  readonly reducers: number;
  /** How keys are assigned to reducers. With `range`, the plan has a sample, which is taken before the first map. */
  readonly partitioner: Partitioner;
  /** The output format; the scheduler passes it to the workers uninterpreted. */
  readonly output: v.InferOutput<typeof outputSettings>;
  /** The directory of intermediate and output files; passed to the workers uninterpreted. */
  readonly directory: string;
  /** The name prefix of intermediate files; passed to the workers uninterpreted. */
  readonly intermediatePrefix: string;
  /** How much memory the pairs of a map attempt may take before they are spilled; passed to the workers. */
  readonly collectorBytes: number;
  /** Whether map attempts check that `combine` does not change the result of `reduce`; passed to the workers. */
  readonly checksCombine?: true | undefined;
  /** How many records of a map attempt may be in flight; undefined when the app decides. Passed to the workers. */
  readonly mapConcurrency?: number | undefined;
  /** How many calls of `map` may begin in a second; undefined when the app decides. Passed to the workers. */
  readonly ratePerSecond?: number | undefined;
  /** The files that the app may read; passed to the workers. */
  readonly files: readonly SharedFile[];
  /** The totals of the counters of each earlier step of a pipeline; passed to the workers. */
  readonly earlierCounters?: readonly (readonly Count[])[] | undefined;
  /** A worker silent for this long is presumed dead; a task running for this long gets a backup attempt. */
  readonly taskTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** A worker ends an attempt that finishes no record for this long; undefined when it may take any time. */
  readonly attemptTimeoutMs: number | undefined;
  /** Which tasks get backup attempts; see `scheduler/job/backups.ts`. */
  readonly backups: BackupRule;
  /** How many attempts of a task may end with an error thrown by the app. */
  readonly maxAttempts: number;
  /** How many attempts of a task may end because their thread, process or connection died. */
  readonly maxCrashes: number;
  /** How many bytes of map output a partition must have to get combine tasks; see `scheduler/job/combine-tasks.ts`. */
  readonly combineBytesMin: number;
  /** How many bad records may be skipped; 0 for none. */
  readonly badRecordsMax: number;
  /** The names of `--arg` that the app must read, or the job fails; undefined for all that the job has. */
  readonly argsToRead?: readonly string[] | undefined;
}

/** The part of a job's settings that its workers know. `args` are undefined until its first worker has told them. */
export function workerJobOf(settings: JobSettings, args: Readonly<Record<string, string>> | undefined): WorkerJob {
  const { id, reducers, partitioner, output, directory, intermediatePrefix, collectorBytes, files } = settings;
  const { checksCombine, mapConcurrency, ratePerSecond, earlierCounters = [] } = settings;
  const { taskTimeoutMs, attemptTimeoutMs, heartbeatIntervalMs } = settings;
  const timeouts = {
    taskTimeoutMs,
    heartbeatIntervalMs,
    ...(attemptTimeoutMs === undefined ? {} : { attemptTimeoutMs }),
  };
  const data = { directory, intermediatePrefix, args: { ...args }, files: [...files], collectorBytes };
  const counters =
    earlierCounters.length === 0 ? {} : { earlierCounters: earlierCounters.map((ofStep) => [...ofStep]) };
  const checks = checksCombine === undefined ? {} : { checksCombine };
  const mapping = {
    ...(mapConcurrency === undefined ? {} : { mapConcurrency }),
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
  };
  return { id, reducers, partitioner, output, ...data, ...counters, ...checks, ...mapping, ...timeouts };
}

/**
 * Which tasks get backup attempts: none; each that runs for the task timeout, as in the MIT lab; or, of these, the tasks
 * that stand still or fall behind finished ones.
 */
export type BackupRule = "none" | "after-timeout" | "behind-peers";
