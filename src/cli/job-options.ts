import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { CoordinatorOptions } from "../coordinator/options.js";
import type { InputFile } from "../input/files.js";
import { findSharedFiles } from "../input/shared-files.js";
import { collectorBytesFor } from "../machine/budget.js";
import type { OutputFormat, OutputSettings } from "../output/output-format.js";
import type { Partitioner } from "../rpc/protocol.js";
import { isOnCommandLine, requireNotOnCommandLine } from "./giving-way.js";
import { areKept } from "./inputs.js";
import { reducersDefault } from "./options.js";
import { packageVersion } from "./version.js";

/** The options of a job, as `mr run` and `mr-coordinator` both have them. */
interface Given {
  readonly outputDir: string;
  readonly reducers: number;
  readonly partitioner: Partitioner;
  readonly outputFormat?: OutputFormat | undefined;
  readonly compress?: "gz" | "none" | undefined;
  readonly splitSize?: number | undefined;
  readonly sample?: number | undefined;
  readonly memory: number;
  /** Missing when workers are started by others. */
  readonly workers?: number | undefined;
  readonly arg?: Readonly<Record<string, string>> | undefined;
  readonly file?: readonly string[] | undefined;
  readonly taskTimeout: number;
  readonly attemptTimeout?: number | undefined;
  readonly backupTasks: boolean;
  readonly maxAttempts: number;
  readonly maxCrashes: number;
  readonly skipBadRecords: number;
  readonly keepIntermediate?: true | undefined;
  readonly resume?: true | "auto" | undefined;
}

/** What `command` was given, as the coordinator takes it; `splitBytes` is for who has given none. */
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
    samplePercent: samplePercentOf(given),
    collectorBytes: memoryOf(given, command),
    args: given.arg,
    argsToRead: argsToRead(command),
    files: findSharedFiles(given.file ?? []),
    taskTimeoutMs: given.taskTimeout,
    attemptTimeoutMs: given.attemptTimeout,
    backupTasks: given.backupTasks,
    ...attemptLimits(given, command),
    keepIntermediate: given.keepIntermediate ?? false,
    resume: areInputsKept && (given.resume ?? false),
    engineVersion: packageVersion(),
  };
}

/** The memory for the pairs of a map task: as it was given, or a share of what the workers have together. */
function memoryOf({ memory, workers }: Pick<Given, "memory" | "workers">, command: CommandUnknownOpts): number {
  if (workers === undefined || command.getOptionValueSource("memory") !== "default") return memory;
  return collectorBytesFor(workers);
}

/** What a variable or a config file says is for many apps; what the command line says must have an effect. */
export function argsToRead(command: CommandUnknownOpts): readonly string[] | undefined {
  const isForMany = command.getOptionValue("arg") !== undefined && !isOnCommandLine(command, "arg");
  return isForMany ? [] : undefined;
}

/** How keys are spread over the reduce tasks. Throws an InputError when the command line says so, and there are none. */
export function partitionerOf(
  { partitioner, reducers }: Pick<Given, "partitioner" | "reducers">,
  command: CommandUnknownOpts,
): Partitioner {
  if (reducers > 0 || partitioner === "hash") return partitioner;
  requireNotOnCommandLine(
    command,
    "partitioner",
    "--partitioner range needs reduce tasks to spread the keys over, and there are none: leave it or -r 0 out",
  );
  return "hash";
}

/** How many reduce tasks a step of a pipeline of so many has that does not say so itself. `-r 0` is no answer to that. */
export function reducersOfSteps(
  { reducers }: Pick<Given, "reducers">,
  count: number,
  command: CommandUnknownOpts,
): number {
  return reducers > 0 || count < 2 || isOnCommandLine(command, "reducers") ? reducers : reducersDefault;
}

/**
 * How often a task may fail, and how many bad records may be left out. Throws an InputError when the command line says both,
 * and a bad record could not be met often enough to be known for one.
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
    "that is how often a bad record is met";
  if (areTooFew.maxAttempts) requireNotOnCommandLine(command, "maxAttempts", problem);
  if (areTooFew.maxCrashes) requireNotOnCommandLine(command, "maxCrashes", problem);
  return {
    ...limits,
    maxAttempts: Math.max(maxAttempts, meetings.attempts),
    maxCrashes: Math.max(maxCrashes, meetings.crashes),
  };
}

/** How often a bad record is met before it is left out: the last crash comes after it was noted on the disk. */
const meetings = { attempts: 2, crashes: 3 } as const;

/** What was said of the output, and nothing where nothing was. */
export function outputSettings(
  { outputFormat, compress }: Pick<Given, "outputFormat" | "compress">,
  command: CommandUnknownOpts,
): OutputSettings {
  const isDefault = !isOnCommandLine(command, "outputFormat");
  return {
    ...(outputFormat === undefined ? {} : { format: outputFormat, ...(isDefault ? { formatIsDefault: true } : {}) }),
    ...(compress === "gz" ? { compress } : {}),
  };
}

/** How much of the inputs is mapped, in percent; undefined when all is, with `--sample 100%` as without. */
export function samplePercentOf({ sample }: { readonly sample?: number | undefined }): number | undefined {
  return sample === 100 ? undefined : sample;
}
