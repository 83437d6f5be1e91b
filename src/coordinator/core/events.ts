/** What comes into the scheduler, and what goes out of it: `step(state, event, now) → effects`. See `model.ts`. */
import type { TextKeyEnd } from "../../output/text-key-end.js";
import type { Measures } from "../../rpc/measures.js";
import type {
  AppIdentity,
  ArgUse,
  Assignment,
  AttemptOutcome,
  AttemptRef,
  JobOutcome,
  OutputFile,
  ParamsOf,
  RecordPlace,
  ResultOf,
  SideFiles,
  Split,
} from "../../rpc/protocol.js";
import type { SkippedRecord, Task } from "./model.js";

/** What a job is made of. */
export interface JobPlan {
  readonly app: AppIdentity;
  readonly args: Readonly<Record<string, string>>;
  readonly splits: readonly Split[];
  /** The pieces of the inputs that each sample task is to look at; left out when no sample is wanted. */
  readonly sample?: readonly (readonly Split[])[] | undefined;
}

/** `call` names a call of a worker that waits for its reply; the shell chose it and alone understands it. */
export type Event =
  /** The first worker's app is known and the inputs were cut into splits. */
  | ({ type: "planned" } & JobPlan)
  | { type: "registered"; call: number; pid: number; host: string; former?: FormerWorker | undefined }
  | { type: "taskRequested"; call: number; worker: string }
  | { type: "boundariesAsked"; call: number; worker: string; from: number }
  | { type: "inputsAsked"; call: number; worker: string; ref: AttemptRef; from: number }
  | { type: "commitAsked"; call: number; worker: string; ref: AttemptRef }
  | {
      type: "attemptEnded";
      call: number;
      worker: string;
      ref: AttemptRef;
      outcome: AttemptOutcome;
      leaving: boolean;
    }
  | ({ type: "heartbeat"; call: number } & ParamsOf<"Heartbeat">)
  /** The worker answered a ping. */
  | { type: "heard"; worker: string }
  /** The worker's connection has closed. `record` is the one that it was mapping, when that is known. */
  | { type: "disconnected"; worker: string; record?: number | undefined }
  /** Time has passed. */
  | { type: "tick" }
  /** The job is to end in good order: what runs may finish. */
  | { type: "drained"; message: string }
  /** The user or the system wants the job to end at once. */
  | { type: "aborted"; message: string };

/** Who a worker was before the coordinator was restarted, and the attempt that it still has. The shell has checked that. */
export interface FormerWorker {
  readonly worker: string;
  readonly attempt: AttemptRef | undefined;
}

/** Where a job says what happens to it. */
export interface JobLog {
  /** What goes as it should. */
  info(message: string): void;
  /** What went wrong and was dealt with, such as an attempt that failed and is tried again. */
  warn(message: string): void;
  /** What the user must know of the inputs or the output, even with `--quiet`: the job ends well all the same. */
  warnOfData(message: string): void;
}

/** In order: what must be on the disk comes before the replies that depend on it. */
export type Effect =
  | { type: "journal"; record: JournalRecord }
  | { type: "reply"; call: number; result: Reply }
  | { type: "unknownWorker"; call: number; worker: string }
  | { type: "ping"; worker: string }
  | { type: "cancel"; worker: string; ref: AttemptRef }
  | { type: "shutdown"; worker: string; outcome: JobOutcome }
  | { type: "log"; level: keyof JobLog; message: string }
  | { type: "jobEnded"; outcome: JobOutcome };

/** What a coordinator that is started again must know; see `restore.ts`. */
export type JournalRecord =
  | ({ type: "planned" } & JobPlan)
  /** Its number and its worker: nobody else is to be given the same number. */
  | { type: "began"; ref: AttemptRef; worker: string }
  | ({
      type: "committed";
      ref: AttemptRef;
      outputs: readonly OutputFile[];
      skipped: readonly RecordPlace[];
      sampled?: readonly string[] | undefined;
      sideFiles: SideFiles;
      warnings?: readonly string[] | undefined;
      argUse?: ArgUse | undefined;
      checksum?: number | undefined;
      textKeyEnd?: TextKeyEnd | undefined;
    } & Measures)
  /** The files of this task are no more what they were. */
  | { type: "lost"; kind: Task["kind"]; task: number }
  | ({ type: "skipped" } & SkippedRecord);

/** What the shell adds to the reply to `Register`: the worker's token. */
type Registered = Omit<ResultOf<"Register">, "token">;
type Reply =
  | Assignment
  | Registered
  | ResultOf<"ListBoundaries">
  | ResultOf<"ListInputs">
  | ResultOf<"MayCommit">
  | ResultOf<"NotifyTaskCompletion">
  | ResultOf<"Heartbeat">;
