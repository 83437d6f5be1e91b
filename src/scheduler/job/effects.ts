/** What a job wants to happen outside, as data, and its plans, which are part of that. */
import type { AppIdentity } from "../../model/app-identity.js";
import type { ArgUse, AttemptRef, NamedOutputs, NewlySkipped, OutputFile, SideFiles } from "../../model/attempt.js";
import type { Measures } from "../../model/measures.js";
import type { TextKeyEnd } from "../../model/output-format.js";
import type { RecordPlace, Split } from "../../model/split.js";
import type { SkippedRecord } from "./job.js";
import type { MapRange, Task } from "./task.js";

/** The app, args and pieces of input that a job consists of. */
export interface JobPlan {
  readonly app: AppIdentity;
  readonly args: Readonly<Record<string, string>>;
  /** The splits of each map task. */
  readonly splits: readonly (readonly Split[])[];
  /** The pieces of the inputs that each sample task reads; omitted when no sample is needed. */
  readonly sample?: readonly (readonly Split[])[] | undefined;
}

/** The ranges of map files that combine tasks merge, in the order of the tasks. */
export interface CombinePlan {
  readonly ranges: readonly MapRange[];
}

/** Receives the log messages of a job. */
export interface JobLog {
  /** Normal progress. */
  info(message: string): void;
  /** A problem that the job handles, such as a failed attempt that is retried. */
  warn(message: string): void;
  /** Problems of the inputs or the output that the user must know about, even with `--quiet`, although the job succeeds. */
  warnOfData(message: string): void;
}

/** In order: records that must be on disk come before the replies that depend on them. */
export type JobEffect =
  | { type: "journal"; record: JournalRecord }
  | { type: "cancel"; worker: string; ref: AttemptRef }
  | { type: "log"; level: keyof JobLog; message: string };

/** The facts that a restarted coordinator needs; see `restore.ts`. */
export type JournalRecord =
  | ({ type: "planned" } & JobPlan)
  /** All maps are committed, and combine tasks come before some of the reduces. */
  | ({ type: "combinesPlanned" } & CombinePlan)
  /** The attempt's number and worker: no other attempt may get the same number. */
  | { type: "began"; ref: AttemptRef; worker: string }
  | ({
      type: "committed";
      ref: AttemptRef;
      outputs: readonly OutputFile[];
      skipped: readonly RecordPlace[];
      newlySkipped?: NewlySkipped | undefined;
      sampled?: readonly string[] | undefined;
      sideFiles: SideFiles;
      namedOutputs?: NamedOutputs | undefined;
      warnings?: readonly string[] | undefined;
      argUse?: ArgUse | undefined;
      checksum?: number | undefined;
      textKeyEnd?: TextKeyEnd | undefined;
    } & Measures)
  /** The resumed job goes on with another version of its app. */
  | { type: "appChanged"; app: AppIdentity }
  /** The files of this task have changed, or are outdated. */
  | { type: "lost"; kind: Task["kind"]; task: number }
  | ({ type: "skipped" } & SkippedRecord);
