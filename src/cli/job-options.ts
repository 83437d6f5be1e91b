import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { CoordinatorOptions } from "../coordinator/options.js";
import { InputError } from "../input/input-error.js";
import type { InputFile } from "../input/files.js";
import { findSharedFiles } from "../input/shared-files.js";
import type { OutputFormat, OutputSettings } from "../output/output-format.js";
import type { Partitioner } from "../rpc/protocol.js";
import { isOnCommandLine } from "./option-values.js";
import { areKept } from "./inputs.js";
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
  readonly arg?: Readonly<Record<string, string>> | undefined;
  readonly file?: readonly string[] | undefined;
  readonly taskTimeout: number;
  readonly attemptTimeout?: number | undefined;
  readonly backupTasks: boolean;
  readonly maxAttempts: number;
  readonly maxCrashes: number;
  readonly skipBadRecords: number;
  readonly keepIntermediate?: true | undefined;
  readonly resume?: true | undefined;
}

/** What `command` was given, as the coordinator takes it; `splitBytes` is for who has given none. */
export function jobOptions(
  inputs: readonly InputFile[],
  given: Given,
  command: CommandUnknownOpts,
  splitBytes: number,
): Omit<CoordinatorOptions, "app" | "socket" | "log"> {
  if (given.skipBadRecords > 0 && (given.maxAttempts < 2 || given.maxCrashes < 3)) {
    throw new InputError(
      "--skip-bad-records needs --max-attempts 2 and --max-crashes 3, or more: that is how often a bad record is met",
    );
  }
  return {
    inputs,
    areInputsKept: areKept(inputs),
    outputDirectory: given.outputDir,
    reducers: given.reducers,
    partitioner: partitionerOf(given, command),
    output: outputSettings(given, command),
    splitBytes: given.splitSize ?? splitBytes,
    splitBytesGiven: given.splitSize !== undefined,
    samplePercent: samplePercentOf(given),
    collectorBytes: given.memory,
    args: given.arg,
    files: findSharedFiles(given.file ?? []),
    taskTimeoutMs: given.taskTimeout,
    attemptTimeoutMs: given.attemptTimeout,
    backupTasks: given.backupTasks,
    maxAttempts: given.maxAttempts,
    maxCrashes: given.maxCrashes,
    badRecordsMax: given.skipBadRecords,
    keepIntermediate: given.keepIntermediate ?? false,
    resume: given.resume ?? false,
    engineVersion: packageVersion(),
  };
}

/** How keys are spread over the reduce tasks. Throws an InputError when the command line says so, and there are none. */
export function partitionerOf(
  { partitioner, reducers }: Pick<Given, "partitioner" | "reducers">,
  command: CommandUnknownOpts,
): Partitioner {
  if (reducers > 0 || partitioner === "hash") return partitioner;
  if (!isOnCommandLine(command, "partitioner")) return "hash";
  throw new InputError(
    "--partitioner range needs reduce tasks to spread the keys over, and there are none: leave it or -r 0 out",
  );
}

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
