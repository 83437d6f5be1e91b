import type { CommandUnknownOpts } from "@commander-js/extra-typings";
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
import { isOnCommandLine, requireNotOnCommandLine } from "./giving-way.js";
import { areKept } from "./inputs.js";
import { reducersDefault } from "./options.js";
import { packageVersion } from "./version.js";

/** The job options that `mr run` and `mr-coordinator` share. */
interface Given {
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

/** Converts the options of `command` to the coordinator's; `splitBytes` is the default split size. */
export function jobOptions(
  inputs: readonly InputFile[],
  given: Given,
  command: CommandUnknownOpts,
  splitBytes: number,
): Omit<CoordinatorOptions, "app" | "socket" | "log"> {
  const areInputsKept = areKept(inputs);
  return {
    inputs,
    areInputsKept,
    outputDirectory: given.outputDir,
    reducers: given.reducers,
    partitioner: partitionerOf(given, command),
    output: outputSettings(given, command),
    splitBytes: given.splitSize ?? splitBytes,
    splitBytesGiven: given.splitSize !== undefined,
    groupBytes: groupBytesOf(inputs, given),
    contentSharing: contentSharingFor(given),
    samplePercent: samplePercentOf(given),
    collectorBytes: memoryOf(given, command),
    args: given.arg,
    argsToRead: argsToRead(command),
    files: findSharedFiles(given.file ?? []),
    taskTimeoutMs: given.taskTimeout,
    attemptTimeoutMs: given.attemptTimeout,
    mapConcurrency: given.mapConcurrency,
    ratePerSecond: given.ratePerSecond,
    backups: backupRuleOf(given),
    ...attemptLimits(given, command),
    keepIntermediate: given.keepIntermediate ?? false,
    resume: areInputsKept && (given.resume ?? false),
    acceptsChangedApp: acceptsChangedApp(given, command),
    engineVersion: packageVersion(),
  };
}

/** Throws an InputError if the command line accepts a changed app for a job that is not resumed. */
function acceptsChangedApp(
  { resume, acceptChangedApp }: Pick<Given, "resume" | "acceptChangedApp">,
  command: CommandUnknownOpts,
): boolean {
  if (resume !== undefined || acceptChangedApp === undefined) return acceptChangedApp === true;
  requireNotOnCommandLine(command, "acceptChangedApp", "--accept-changed-app applies only with --resume: add --resume");
  return false;
}

/** Workers that are started separately belong to the MIT lab's pair, and to its rule for backup attempts. */
function backupRuleOf({ backupTasks, workers }: Pick<Given, "backupTasks" | "workers">): BackupRule {
  if (!backupTasks) return "none";
  return workers === undefined ? "after-timeout" : "behind-peers";
}

/** How many bytes of small files share a map task; 0 for none, as with `--no-group` or workers that others start. */
export function groupBytesOf(
  inputs: readonly InputFile[],
  { group, workers, splitSize = Infinity }: Pick<Given, "group" | "workers" | "splitSize">,
): number {
  return group === true && workers !== undefined ? Math.min(splitSize, groupBytesFor(inputs, workers)) : 0;
}

/**
 * The memory for the pairs of a map task: the given size, or a share of the memory of all workers. Throws an InputError if
 * the given size does not fit into a worker.
 */
export function memoryOf(
  { memory, workers, workerMemory }: Pick<Given, "memory" | "workers" | "workerMemory">,
  command: CommandUnknownOpts,
): number {
  if (workers === undefined) return memory;
  if (command.getOptionValueSource("memory") === "default") {
    const withinWorker = workerMemory === undefined ? Infinity : collectorBytesWithin(workerMemory);
    return Math.min(collectorBytesFor(workers), withinWorker);
  }
  const problem = workerMemory === undefined ? undefined : collectorProblem(workerMemory, memory);
  if (problem !== undefined) throw new InputError(problem);
  return memory;
}

/** Args from a variable or a config file serve many apps; the app must read all args from the command line. */
export function argsToRead(command: CommandUnknownOpts): readonly string[] | undefined {
  const isForMany = command.getOptionValue("arg") !== undefined && !isOnCommandLine(command, "arg");
  return isForMany ? [] : undefined;
}

/** The partitioner; `hash` without reduce tasks. Throws an InputError if the command line asks for `range` then. */
export function partitionerOf(
  { partitioner, reducers }: Pick<Given, "partitioner" | "reducers">,
  command: CommandUnknownOpts,
): Partitioner {
  if (reducers > 0 || partitioner === "hash") return partitioner;
  requireNotOnCommandLine(
    command,
    "partitioner",
    "--partitioner range needs reduce tasks, and -r 0 has none: leave out one of the two",
  );
  return "hash";
}

/** The number of reduce tasks of a step that sets none itself; `-r 0` is ignored unless the command line says it. */
export function reducersOfSteps(
  { reducers }: Pick<Given, "reducers">,
  count: number,
  command: CommandUnknownOpts,
): number {
  return reducers > 0 || count < 2 || isOnCommandLine(command, "reducers") ? reducers : reducersDefault;
}

/**
 * How often a task may fail, and how many bad records the job may skip. Throws an InputError if the command line sets both,
 * and a task may not fail often enough to identify a bad record.
 */
export function attemptLimits(
  { maxAttempts, maxCrashes, skipBadRecords }: Pick<Given, "maxAttempts" | "maxCrashes" | "skipBadRecords">,
  command: CommandUnknownOpts,
): Pick<CoordinatorOptions, "maxAttempts" | "maxCrashes" | "badRecordsMax"> {
  const limits = { maxAttempts, maxCrashes, badRecordsMax: skipBadRecords };
  const areTooFew = { maxAttempts: maxAttempts < meetings.attempts, maxCrashes: maxCrashes < meetings.crashes };
  if (skipBadRecords === 0 || !(areTooFew.maxAttempts || areTooFew.maxCrashes)) return limits;
  if (!isOnCommandLine(command, "skipBadRecords")) return { ...limits, badRecordsMax: 0 };
  const problem =
    `--skip-bad-records needs --max-attempts ${meetings.attempts} and --max-crashes ${meetings.crashes}, or more: ` +
    "a task fails this often before its bad record is known";
  if (areTooFew.maxAttempts) requireNotOnCommandLine(command, "maxAttempts", problem);
  if (areTooFew.maxCrashes) requireNotOnCommandLine(command, "maxCrashes", problem);
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
  { outputFormat, values, compress }: Pick<Given, "outputFormat" | "values" | "compress">,
  command: CommandUnknownOpts,
): OutputSettings {
  const isDefault = !isOnCommandLine(command, "outputFormat") && !isOnCommandLine(command, "values");
  const areAlone = values === true && outputFormat === "jsonl";
  if (values === true && !areAlone) {
    requireNotOnCommandLine(
      command,
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
