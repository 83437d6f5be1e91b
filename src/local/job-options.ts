import type { OptionName } from "../app/define-config.js";
import type { BackupRule, Partitioner } from "../model/job.js";
import type { CoordinatorOptions } from "../coordinator/options.js";
import { contentSharingFor } from "../input/content-splits.js";
import type { InputFile } from "../input/files.js";
import { groupBytesFor } from "../input/map-inputs.js";
import { findSharedFiles } from "../input/shared-files.js";
import { InputError } from "../input/input-error.js";
import { collectorBytesFor } from "../machine/budget.js";
import { collectorBytesWithin, collectorProblem } from "../machine/worker-memory.js";
import type { OutputFormat, OutputSettings } from "../model/output-format.js";
import { jobOptionDefaults } from "./job-option-values.js";
import { packageVersion } from "./version.js";

/**
 * Who has set an option: the caller, for this job; a variable or a config file, for many jobs; or nobody. Where an option
 * does not fit, a value for many jobs is ignored, and a value for this job is an error.
 */
export type OptionSource = "this job" | "many jobs" | "nobody";

/** Returns who has set an option. */
export type SourceOf = (name: OptionName) => OptionSource;

/** The options that `mr run`, `mr-coordinator` and `runJob` share, with their defaults. */
export interface JobOptionsGiven {
  readonly outputDir: string;
  readonly reducers: number;
  readonly partitioner: Partitioner;
  readonly outputFormat?: OutputFormat | undefined;
  readonly values?: true | undefined;
  readonly compress?: "gz" | "none" | undefined;
  readonly splitSize?: number | undefined;
  /** Missing where each file has a map task of its own. */
  readonly group?: boolean | undefined;
  readonly sample?: number | undefined;
  readonly memory: number;
  /** Missing when nothing limits the workers, or they are started separately. */
  readonly workerMemory?: number | undefined;
  /** Missing when workers are started separately. */
  readonly workers?: number | undefined;
  readonly arg?: Readonly<Record<string, string>> | undefined;
  readonly file?: readonly string[] | undefined;
  readonly taskTimeout: number;
  readonly attemptTimeout?: number | undefined;
  readonly mapConcurrency?: number | undefined;
  readonly ratePerSecond?: number | undefined;
  readonly backupTasks: boolean;
  readonly maxAttempts: number;
  readonly maxCrashes: number;
  readonly skipBadRecords: number;
  readonly keepIntermediate?: true | undefined;
  readonly resume?: true | "auto" | undefined;
  /** Missing in pipelines. */
  readonly acceptChangedApp?: true | undefined;
}

/**
 * Converts the options to the coordinator's; `splitBytes` is the default split size. Throws an InputError when two options
 * contradict each other, or a file for the app cannot be read.
 */
export function jobOptions(
  inputs: readonly InputFile[],
  given: JobOptionsGiven,
  sourceOf: SourceOf,
  splitBytes: number,
): Omit<CoordinatorOptions, "app" | "socket" | "log"> {
  const areInputsKept = areKept(inputs);
  return {
    inputs,
    areInputsKept,
    outputDirectory: given.outputDir,
    reducers: given.reducers,
    partitioner: partitionerOf(given, sourceOf),
    output: outputSettings(given, sourceOf),
    splitBytes: given.splitSize ?? splitBytes,
    splitBytesGiven: given.splitSize !== undefined,
    groupBytes: groupBytesOf(inputs, given),
    contentSharing: contentSharingFor(given),
    samplePercent: samplePercentOf(given),
    collectorBytes: memoryOf(given, sourceOf),
    args: given.arg,
    argsToRead: argsToRead(sourceOf),
    files: findSharedFiles(given.file ?? []),
    taskTimeoutMs: given.taskTimeout,
    attemptTimeoutMs: given.attemptTimeout,
    mapConcurrency: given.mapConcurrency,
    ratePerSecond: given.ratePerSecond,
    backups: backupRuleOf(given),
    ...attemptLimits(given, sourceOf),
    keepIntermediate: given.keepIntermediate ?? false,
    resume: areInputsKept && (given.resume ?? false),
    acceptsChangedApp: acceptsChangedApp(given, sourceOf),
    engineVersion: packageVersion(),
  };
}

/** Throws an InputError if the caller accepts a changed app for a job that is not resumed. */
function acceptsChangedApp(
  { resume, acceptChangedApp }: Pick<JobOptionsGiven, "resume" | "acceptChangedApp">,
  sourceOf: SourceOf,
): boolean {
  if (resume !== undefined || acceptChangedApp === undefined) return acceptChangedApp === true;
  requireNotForThisJob(sourceOf, "acceptChangedApp", "--accept-changed-app applies only with --resume: add --resume");
  return false;
}

/** Whether the inputs will still exist when an interrupted job is resumed. */
export function areKept(inputs: readonly InputFile[]): boolean {
  return inputs.every(({ isCopy }) => isCopy !== true);
}

/** Call this where an option does not fit and is ignored. Throws an InputError if it was set for this job. */
function requireNotForThisJob(sourceOf: SourceOf, name: OptionName, problem: string): void {
  if (sourceOf(name) === "this job") throw new InputError(problem);
}

/** Workers that are started separately belong to the MIT lab's pair, and to its rule for backup attempts. */
function backupRuleOf({ backupTasks, workers }: Pick<JobOptionsGiven, "backupTasks" | "workers">): BackupRule {
  if (!backupTasks) return "none";
  return workers === undefined ? "after-timeout" : "behind-peers";
}

/** How many bytes of small files share a map task; 0 for none, as with `--no-group` or workers that others start. */
export function groupBytesOf(
  inputs: readonly InputFile[],
  { group, workers, splitSize = Infinity }: Pick<JobOptionsGiven, "group" | "workers" | "splitSize">,
): number {
  return group === true && workers !== undefined ? Math.min(splitSize, groupBytesFor(inputs, workers)) : 0;
}

/**
 * The memory for the pairs of a map task: the given size, or a share of the memory of all workers. Throws an InputError if
 * the given size does not fit into a worker.
 */
export function memoryOf(
  { memory, workers, workerMemory }: Pick<JobOptionsGiven, "memory" | "workers" | "workerMemory">,
  sourceOf: SourceOf,
): number {
  if (workers === undefined) return memory;
  if (sourceOf("memory") === "nobody") {
    const withinWorker = workerMemory === undefined ? Infinity : collectorBytesWithin(workerMemory);
    return Math.min(collectorBytesFor(workers), withinWorker);
  }
  const problem = workerMemory === undefined ? undefined : collectorProblem(workerMemory, memory);
  if (problem !== undefined) throw new InputError(problem);
  return memory;
}

/** The app must read all args of this job. Args from a variable or a config file serve many apps. */
export function argsToRead(sourceOf: SourceOf): readonly string[] | undefined {
  return sourceOf("arg") === "many jobs" ? [] : undefined;
}

/** The partitioner; `hash` without reduce tasks. Throws an InputError if the caller asks for `range` then. */
export function partitionerOf(
  { partitioner, reducers }: Pick<JobOptionsGiven, "partitioner" | "reducers">,
  sourceOf: SourceOf,
): Partitioner {
  if (reducers > 0 || partitioner === "hash") return partitioner;
  requireNotForThisJob(
    sourceOf,
    "partitioner",
    "--partitioner range needs reduce tasks, and -r 0 has none: leave out one of the two",
  );
  return "hash";
}

/** The number of reduce tasks of a step that sets none itself; `-r 0` is ignored unless the caller asked for it. */
export function reducersOfSteps(
  { reducers }: Pick<JobOptionsGiven, "reducers">,
  count: number,
  sourceOf: SourceOf,
): number {
  return reducers > 0 || count < 2 || sourceOf("reducers") === "this job" ? reducers : jobOptionDefaults.reducers;
}

/**
 * How often a task may fail, and how many bad records the job may skip. Throws an InputError if the caller sets both,
 * and a task may not fail often enough to identify a bad record.
 */
export function attemptLimits(
  { maxAttempts, maxCrashes, skipBadRecords }: Pick<JobOptionsGiven, "maxAttempts" | "maxCrashes" | "skipBadRecords">,
  sourceOf: SourceOf,
): Pick<CoordinatorOptions, "maxAttempts" | "maxCrashes" | "badRecordsMax"> {
  const limits = { maxAttempts, maxCrashes, badRecordsMax: skipBadRecords };
  const areTooFew = { maxAttempts: maxAttempts < meetings.attempts, maxCrashes: maxCrashes < meetings.crashes };
  if (skipBadRecords === 0 || !(areTooFew.maxAttempts || areTooFew.maxCrashes)) return limits;
  if (sourceOf("skipBadRecords") !== "this job") return { ...limits, badRecordsMax: 0 };
  const problem =
    `--skip-bad-records needs --max-attempts ${meetings.attempts} and --max-crashes ${meetings.crashes}, or more: ` +
    "a task fails this often before its bad record is known";
  if (areTooFew.maxAttempts) requireNotForThisJob(sourceOf, "maxAttempts", problem);
  if (areTooFew.maxCrashes) requireNotForThisJob(sourceOf, "maxCrashes", problem);
  return {
    ...limits,
    maxAttempts: Math.max(maxAttempts, meetings.attempts),
    maxCrashes: Math.max(maxCrashes, meetings.crashes),
  };
}

/** How often a bad record fails before it is skipped. The first crash only makes workers note positions on the disk. */
const meetings = { attempts: 2, crashes: 3 } as const;

/** The settings for the output; omits settings that were not given. */
export function outputSettings(
  { outputFormat, values, compress }: Pick<JobOptionsGiven, "outputFormat" | "values" | "compress">,
  sourceOf: SourceOf,
): OutputSettings {
  const isDefault = sourceOf("outputFormat") !== "this job" && sourceOf("values") !== "this job";
  const areAlone = values === true && outputFormat === "jsonl";
  if (values === true && !areAlone) {
    requireNotForThisJob(
      sourceOf,
      "values",
      "--values needs --output-format jsonl: for csv or tsv, the app names the columns of the values, as in " +
        'export const writer = { format: "csv", columns: ["total"], values: true }',
    );
  }
  return {
    ...(outputFormat === undefined ? {} : { format: outputFormat, ...(isDefault ? { formatIsDefault: true } : {}) }),
    ...(areAlone ? { values } : {}),
    ...(compress === "gz" ? { compress } : {}),
  };
}

/** The percentage of the inputs to map; undefined for all, also with `--sample 100%`. */
export function samplePercentOf({ sample }: { readonly sample?: number | undefined }): number | undefined {
  return sample === 100 ? undefined : sample;
}
