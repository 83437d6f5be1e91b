/** The inputs and outputs of the scheduler: `step(state, event, now) → effects`. See `model.ts`. */
import type { TextKeyEnd } from "../model/output-format.js";
import type { Measures } from "../model/measures.js";
import type { AppIdentity } from "../model/app-identity.js";
import type {
  ArgUse,
  AttemptOutcome,
  AttemptProgress,
  AttemptRef,
  NewlySkipped,
  OutputFile,
  NamedOutputs,
  SideFiles,
} from "../model/attempt.js";
import type { Assignment, BoundariesPage, InputsPage, StartGrant } from "../model/assignment.js";
import type { JobOutcome, WorkerJob } from "../model/job.js";
import type { RecordPlace, Split } from "../model/split.js";
import type { MapRange, SkippedRecord, Task } from "./model.js";

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

/** `call` identifies a worker's call that awaits its reply. The shell chose it, and only the shell interprets it. */
export type Event =
  /** The first worker's app is known, and the inputs were split. */
  | ({ type: "planned" } & JobPlan)
  /** The first worker of a resumed job has another version of its app, which fits the finished map tasks. */
  | { type: "appChanged"; app: AppIdentity }
  | { type: "registered"; call: number; pid: number; host: string; former?: FormerWorker | undefined }
  | { type: "taskRequested"; call: number; worker: string }
  | { type: "boundariesAsked"; call: number; worker: string; from: number }
  | { type: "inputsAsked"; call: number; worker: string; ref: AttemptRef; from: number }
  | { type: "startsAsked"; call: number; worker: string; wanted: number }
  | { type: "commitAsked"; call: number; worker: string; ref: AttemptRef }
  | {
      type: "attemptEnded";
      call: number;
      worker: string;
      ref: AttemptRef;
      outcome: AttemptOutcome;
      leaving: boolean;
    }
  | {
      type: "heartbeat";
      call: number;
      worker: string;
      attempts: readonly AttemptProgress[];
      memoryBytes: number;
    }
  /** The worker answered a ping. */
  | { type: "heard"; worker: string }
  /** The worker's connection closed. `record` is the record that it was mapping, if known. */
  | { type: "disconnected"; worker: string; record?: number | undefined }
  /** Time has passed. */
  | { type: "tick" }
  /** The job must end gracefully: running tasks may finish. */
  | { type: "drained"; message: string }
  /** The user or the system wants the job to end at once. */
  | { type: "aborted"; message: string };

/**
 * A worker's identity before the coordinator was restarted, and the attempt that it still holds. The shell has verified
 * it.
 */
export interface FormerWorker {
  readonly worker: string;
  readonly attempt: AttemptRef | undefined;
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
export type Effect =
  | { type: "journal"; record: JournalRecord }
  | { type: "reply"; call: number; result: Reply }
  | { type: "unknownWorker"; call: number; worker: string }
  | { type: "ping"; worker: string }
  | { type: "cancel"; worker: string; ref: AttemptRef }
  | { type: "shutdown"; worker: string; outcome: JobOutcome }
  | { type: "log"; level: keyof JobLog; message: string }
  | { type: "jobEnded"; outcome: JobOutcome };

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

/** The reply to a call of a worker. */
type Reply =
  | Assignment
  | Registered
  | BoundariesPage
  | InputsPage
  | StartGrant
  | { granted: boolean }
  | { accepted: boolean; next: Assignment }
  | { cancel: AttemptRef[] };

/** The shell adds the worker's token. */
interface Registered {
  worker: string;
  /** Whether the worker keeps the attempt that it still holds. */
  keepsAttempt: boolean;
  job: WorkerJob;
}
