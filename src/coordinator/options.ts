import type { InputFile } from "../input/files.js";
import type { JobDirectory } from "../output/directory.js";
import type { EarlierStep } from "../output/manifest.js";
import type { AppIdentity } from "../rpc/protocol.js";
import type { JobLog } from "./core/events.js";
import type { JobSettings } from "./core/model.js";

/**
 * Whether a job that was interrupted is gone on with. `true`: or else there is an error; `"auto"`: if there is one, and it is the
 * same job; otherwise a new one begins.
 */
export type ResumeMode = boolean | "auto";

/** Complete and checked; the command line says what each means. */
export interface CoordinatorOptions extends Omit<
  JobSettings,
  "id" | "directory" | "intermediatePrefix" | "heartbeatIntervalMs"
> {
  /** The app, where it is known already: then a job of another one is not resumed. Otherwise the first worker says it. */
  readonly app: Pick<AppIdentity, "name" | "hash"> | undefined;
  readonly inputs: readonly InputFile[];
  /** Those of the pipeline that it is a step of: they are not cleared away either. */
  readonly pipelineInputs?: readonly InputFile[] | undefined;
  /** Whether the inputs will still be there when a job that was stopped is gone on with. */
  readonly areInputsKept: boolean;
  /** Where intermediate and output files go; made when it does not exist. */
  readonly outputDirectory: string;
  /** That directory, when it is taken already; it is not released then. */
  readonly taken?: JobDirectory | undefined;
  /** Path of the Unix socket to listen at; undefined when all workers are brought by `accept`. */
  readonly socket: string | undefined;
  /** How long a split of a file is at most, if files are split. */
  readonly splitBytes: number;
  /** Whether the user has said so: then a job that is resumed must have had the same. */
  readonly splitBytesGiven: boolean;
  /** Which part of the inputs is mapped, in percent; undefined when all is. */
  readonly samplePercent?: number | undefined;
  /** The coordinator's own `--arg` values; undefined when the first worker's are the job's. */
  readonly args: Readonly<Record<string, string>> | undefined;
  readonly keepIntermediate: boolean;
  /** What was run before it in a pipeline, for the manifest. */
  readonly earlierSteps?: readonly EarlierStep[];
  /** Of this program, for the manifest. */
  readonly engineVersion: string;
  /** Whether to go on with the job that was interrupted in the output directory: see `ResumeMode`. */
  readonly resume: ResumeMode;
  readonly log: JobLog;
}
