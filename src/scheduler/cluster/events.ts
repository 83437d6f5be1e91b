/** The inputs and outputs of the scheduler: `step(cluster, event, now) → effects`. See `cluster.ts`. */
import type { AppIdentity } from "../../model/app-identity.js";
import type { Assignment, BoundariesPage, InputsPage, StartGrant } from "../../model/assignment.js";
import type { AttemptOutcome, AttemptProgress, AttemptRef, JobAttemptRef } from "../../model/attempt.js";
import type { JobOutcome } from "../../model/job.js";
import type { JobEffect, JobLog, JobPlan } from "../job/effects.js";

/** `call` identifies a worker's call that awaits its reply. The shell chose it, and only the shell interprets it. */
export type Event =
  /** The first worker's app is known, and the inputs were split. */
  | ({ type: "planned"; job: string } & JobPlan)
  /** The first worker of a resumed job has another version of its app, which fits the finished map tasks. */
  | { type: "appChanged"; job: string; app: AppIdentity }
  | { type: "registered"; call: number; pid: number; host: string; former?: FormerWorker | undefined }
  | { type: "taskRequested"; call: number; worker: string }
  | { type: "boundariesAsked"; call: number; worker: string; job: string; from: number }
  | { type: "inputsAsked"; call: number; worker: string; ref: JobAttemptRef; from: number }
  | { type: "startsAsked"; call: number; worker: string; job: string; wanted: number }
  | { type: "commitAsked"; call: number; worker: string; ref: JobAttemptRef }
  | {
      type: "attemptEnded";
      call: number;
      worker: string;
      ref: JobAttemptRef;
      outcome: AttemptOutcome;
      leaving: boolean;
    }
  | {
      type: "heartbeat";
      call: number;
      worker: string;
      attempts: readonly (Omit<AttemptProgress, "ref"> & { readonly ref: JobAttemptRef })[];
      memoryBytes: number;
    }
  /** The worker answered a ping. */
  | { type: "heard"; worker: string }
  /** The worker's connection closed. `record` is the record that it was mapping, if known. */
  | { type: "disconnected"; worker: string; record?: number | undefined }
  /** Time has passed. */
  | { type: "tick" }
  /** The job must end gracefully: running tasks may finish. */
  | { type: "drained"; job: string; message: string }
  /** The user or the system wants the job to end at once. */
  | { type: "aborted"; job: string; message: string };

/**
 * A worker's identity before the coordinator was restarted, and the attempt that it still holds. The shell has verified
 * it.
 */
export interface FormerWorker {
  readonly worker: string;
  readonly attempt: JobAttemptRef | undefined;
}

/** In order: records that must be on disk come before the replies that depend on them. */
export type Effect =
  | (JobEffect & { job: string })
  /** With a task, `job` names the job of the task. */
  | { type: "reply"; call: number; job?: string; result: Reply }
  | { type: "unknownWorker"; call: number; worker: string }
  | { type: "ping"; worker: string }
  | { type: "shutdown"; worker: string; outcome: JobOutcome }
  /** A message about a worker; those about a job are effects of the job. */
  | { type: "log"; job?: undefined; level: keyof JobLog; message: string }
  | { type: "jobEnded"; job: string; outcome: JobOutcome };

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

/** The shell adds the worker's token and the settings of the job. */
interface Registered {
  worker: string;
  /** Whether the worker keeps the attempt that it still holds. */
  keepsAttempt: boolean;
}
