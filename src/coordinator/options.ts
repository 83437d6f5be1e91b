import type { ContentSharing } from "../input/content-splits.js";
import type { InputFile } from "../input/files.js";
import type { JobDirectory } from "../output/directory.js";
import type { EarlierStep } from "../output/manifest.js";
import type { AppIdentity } from "../model/app-identity.js";
import type { JobLog } from "../scheduler/job/effects.js";
import type { JobSettings } from "../model/job.js";

/**
 * Whether to resume an interrupted job. `true` requires one. `"auto"` resumes it if it exists and is the same job, and
 * otherwise starts a new one.
 */
export type ResumeMode = boolean | "auto";

/** Complete and validated; the command line explains each option. */
export interface CoordinatorOptions extends Omit<
  JobSettings,
  "id" | "directory" | "intermediatePrefix" | "heartbeatIntervalMs" | "earlierCounters" | "combineBytesMin"
> {
  /** The app, if already known: then a job of another app is not resumed. Otherwise the first worker determines it. */
  readonly app: Pick<AppIdentity, "name" | "hash"> | undefined;
  readonly inputs: readonly InputFile[];
  /** The inputs of the pipeline that this job is a step of: they are not cleared away either. */
  readonly pipelineInputs?: readonly InputFile[] | undefined;
  /** Whether the inputs will still exist when a stopped job is resumed. */
  readonly areInputsKept: boolean;
  /** The directory of intermediate and output files; created if missing. */
  readonly outputDirectory: string;
  /** That directory, if already locked; this job then does not release it. */
  readonly taken?: JobDirectory | undefined;
  /** Path of the Unix socket to listen at; undefined when all workers come through `accept`. */
  readonly socket: string | undefined;
  /** The maximum size of a split, if files are split. */
  readonly splitBytes: number;
  /** How many bytes of small files share a map task; 0 for a task per file. */
  readonly groupBytes: number;
  /** How map tasks share compressed files; undefined for a task per file. */
  readonly contentSharing?: ContentSharing | undefined;
  /** Whether the user gave the split size: then a job to be resumed must have had the same. */
  readonly splitBytesGiven: boolean;
  /** The percentage of the inputs to map; undefined for all. */
  readonly samplePercent?: number | undefined;
  /** The coordinator's own `--arg` values; undefined when the job takes the first worker's. */
  readonly args: Readonly<Record<string, string>> | undefined;
  readonly keepIntermediate: boolean;
  /** The earlier steps of a pipeline, for the manifest and for the app, which may read their counters. */
  readonly earlierSteps?: readonly EarlierStep[];
  /** The version of this program, for the manifest. */
  readonly engineVersion: string;
  /** Whether to resume the interrupted job in the output directory: see `ResumeMode`. */
  readonly resume: ResumeMode;
  /** Whether a resumed job may continue with another version of its app, if its map tasks would write the same. */
  readonly acceptsChangedApp: boolean;
  readonly log: JobLog;
}
