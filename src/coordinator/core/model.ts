/**
 * The scheduler's vocabulary: its state, the events that change it, the effects that it asks for.
 *
 * All of `core/` is one pure state machine, `step(state, event, now) → effects`, in the manner of etcd's raft: no clock,
 * socket, file, timer or random number inside. The shell (`../coordinator.ts`) turns calls of workers into events and effects
 * into replies. So every history can be replayed from a text file and whole clusters run on a fake clock.
 *
 * Words that look alike: a task is a piece of the job, an attempt is one execution of it by one worker; a task has one
 * attempt when all goes well and several after failures or with a backup.
 */
import type {
  AppIdentity,
  Assignment,
  AttemptOutcome,
  AttemptRef,
  ParamsOf,
  ResultOf,
  Split,
  StoredFile,
} from "../../rpc/protocol.js";

/** What a job is run with; complete, checked, never changed. */
export interface JobSettings {
  readonly id: string;
  readonly reducers: number;
  /** Where intermediate and output files go; handed to the workers unread. */
  readonly directory: string;
  /** How much memory the pairs of a map attempt may take before they are spilled; for the workers, as is the directory. */
  readonly collectorBytes: number;
  /** A worker silent for so long is presumed dead; a task running for so long gets a backup attempt. */
  readonly taskTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** So many attempts of one task may end with an error that the app threw. */
  readonly maxAttempts: number;
  /** So many attempts of one task may end because their thread, process or connection ended. */
  readonly maxCrashes: number;
}

/** Paper section 3.2: "idle, in-progress, or completed". How they change stands in `transitions.ts`. */
export type TaskState = "idle" | "in-progress" | "completed";
export type AttemptState = "running" | "committing" | "committed" | "failed" | "cancelled";

export interface Attempt {
  readonly number: number;
  readonly worker: string;
  readonly startedAtMs: number;
  state: AttemptState;
  /** How far the worker's last heartbeat said it is. */
  records: number;
  bytes: number;
}

export interface Task {
  readonly kind: "map" | "reduce";
  readonly index: number;
  /** Input of a map task. */
  readonly split?: Split;
  state: TaskState;
  /** Attempts begun so far; the next one gets the next number. */
  attemptsBegun: number;
  backupsBegun: number;
  /** The attempts that run now, by number: none, one, or one and its backup. */
  readonly attempts: Map<number, Attempt>;
  errors: number;
  crashes: number;
  /** Workers on which an attempt failed: another one is tried first. */
  readonly failedOn: Set<string>;
  /** The first error of the app, which is the one to show: later ones are often its consequence. */
  firstError?: TaskError;
  /** What a committed map task made, indexed by partition. */
  outputs: (StoredFile | undefined)[];
  /** The last transitions, for the message of an illegal one. */
  readonly history: string[];
}

export interface TaskError {
  readonly message: string;
  readonly stack?: string | undefined;
}

export interface Worker {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** `silent`: nothing heard for the task timeout; it holds no attempt and gets no task until it is heard again. */
  state: "alive" | "silent";
  lastHeardMs: number;
  memoryBytes: number;
  pinged: boolean;
  /** The attempt it runs; a worker has one slot. */
  running: { readonly task: Task; readonly attempt: Attempt } | undefined;
  /** Its `RequestTask` that waits for an answer. */
  parkedCall: number | undefined;
}

/** Why a job failed. */
export interface JobFailure {
  readonly message: string;
  /** The stack of the app's own error. */
  readonly stack?: string | undefined;
}

/** Sums over committed attempts. */
export interface Measures {
  recordsIn: number;
  recordsOut: number;
  bytesIn: number;
  bytesOut: number;
  readonly counters: Map<string, number>;
}

export interface State {
  readonly settings: JobSettings;
  readonly startedAtMs: number;
  phase: "waiting" | "map" | "reduce" | "done" | "failed";
  /** Known once the first worker has registered. */
  app: AppIdentity | undefined;
  /** The job's `--arg` values: the coordinator's own, or else those of the first worker. */
  args: Readonly<Record<string, string>> | undefined;
  maps: readonly Task[];
  reduces: readonly Task[];
  /** Tasks of this phase that wait for a worker, the next one last. */
  readonly pending: Task[];
  readonly inProgress: Set<Task>;
  /** Completed tasks of this phase. */
  completed: number;
  readonly workers: Map<string, Worker>;
  workersJoined: number;
  /** Workers whose `RequestTask` waits, longest first. */
  readonly parked: Set<Worker>;
  readonly measures: { readonly map: Measures; readonly reduce: Measures };
  readonly attempts: { failed: number; crashed: number; backup: number };
  failure: JobFailure | undefined;
}

/** `call` names a call of a worker that waits for its reply; the shell chose it and alone understands it. */
export type Event =
  /** The first worker's app is known and the inputs were cut into splits. */
  | { type: "planned"; app: AppIdentity; args: Readonly<Record<string, string>>; splits: readonly Split[] }
  | { type: "registered"; call: number; pid: number; host: string }
  | { type: "taskRequested"; call: number; worker: string }
  | { type: "commitAsked"; call: number; worker: string; ref: AttemptRef }
  | { type: "attemptEnded"; call: number; worker: string; ref: AttemptRef; outcome: AttemptOutcome }
  | ({ type: "heartbeat"; call: number } & ParamsOf<"Heartbeat">)
  /** The worker answered a ping. */
  | { type: "heard"; worker: string }
  /** The worker's connection has closed. */
  | { type: "disconnected"; worker: string }
  /** Time has passed. */
  | { type: "tick" }
  /** The user or the system wants the job to end. */
  | { type: "aborted"; message: string };

export type Effect =
  | { type: "reply"; call: number; result: Reply }
  | { type: "unknownWorker"; call: number; worker: string }
  | { type: "ping"; worker: string }
  | { type: "cancel"; worker: string; ref: AttemptRef }
  | { type: "shutdown"; worker: string; outcome: "done" | "failed" }
  | { type: "log"; level: "info" | "warn"; message: string }
  | { type: "jobEnded"; outcome: "done" | "failed" };

type Reply =
  Assignment | ResultOf<"Register"> | ResultOf<"MayCommit"> | ResultOf<"NotifyTaskCompletion"> | ResultOf<"Heartbeat">;

/** Whether the job is over, well or badly. */
export function hasEnded(state: State): boolean {
  return state.phase === "done" || state.phase === "failed";
}

/** How a task is called in messages. */
export function taskName(task: Pick<Task, "kind" | "index" | "split">): string {
  return `${task.kind} task ${task.index}${task.split === undefined ? "" : ` (${task.split.file})`}`;
}

export function refOf(task: Task, attempt: Attempt): AttemptRef {
  return { kind: task.kind, task: task.index, attempt: attempt.number };
}
