/**
 * The scheduler's vocabulary: its state. The events that change it and the effects that it requests are in `events.ts`.
 *
 * The scheduler is a pure state machine, `step(state, event, now) → effects`, in the manner of etcd's raft: it has no
 * clock, socket, file, timer or random number. The shell (`../coordinator.ts`) turns worker calls into events and
 * effects into replies. So every history can be replayed from a text file, and whole clusters run on a fake clock.
 *
 * Two words to keep apart: a task is a piece of the job, and an attempt is one execution of a task by one worker. A
 * task has a single attempt if all goes well, and more after failures or with a backup.
 */
import type { TextKeyEnd } from "../model/output-format.js";
import type { Measures, Totals } from "../model/measures.js";
import type { ReduceInput } from "../model/assignment.js";
import type { AppIdentity } from "../model/app-identity.js";
import type { AttemptOutcome, AttemptRef, NamedOutputs, SideFiles } from "../model/attempt.js";
import type { JobOutcome, JobSettings } from "../model/job.js";
import type { RecordPlace, Split } from "../model/split.js";
import type { BackupQueue } from "./backup-queue.js";
import type { MapFiles } from "./map-files.js";
import type { StartSlots } from "./start-slots.js";
import { filesText } from "./task-input.js";
import type { Timeline } from "./timeline.js";
import type { ArgUseOfJob } from "./arg-use.js";
import type { Warnings } from "./warnings.js";

/** Paper section 3.2: "idle, in-progress, or completed". `transitions.ts` defines how they change. */
export type TaskState = "idle" | "in-progress" | "completed";
export type AttemptState = "running" | "committing" | "committed" | "failed" | "cancelled";

export interface Attempt {
  readonly number: number;
  readonly worker: string;
  readonly startedAtMs: number;
  readonly isBackup: boolean;
  /**
   * How many finished maps the job had lost when the attempt began: a later report of a loss may concern another one.
   */
  readonly mapsLostBefore: number;
  /** The positions of the records that the attempt was told to skip. */
  readonly skip: readonly number[];
  state: AttemptState;
  /** The progress in the worker's last heartbeat. */
  records: number;
  bytes: number;
  /** The memory of the worker's process when the attempt began, in bytes; 0 if unknown. */
  readonly memoryBytesBefore: number;
  /** When a heartbeat last brought new progress, or the attempt began. */
  progressAtMs: number;
}

export interface Task {
  readonly kind: AttemptRef["kind"];
  readonly index: number;
  /** The input of a map task: at least one split, several when small files share the task. */
  readonly splits?: readonly Split[];
  /** The input of a sample task. */
  readonly places?: readonly Split[];
  /** The input of a combine task. */
  readonly range?: MapRange;
  state: TaskState;
  /** The number of attempts begun; the next attempt gets the next number. */
  attemptsBegun: number;
  backupsBegun: number;
  /** The running attempts, by number: none, one, or one and its backup. */
  readonly attempts: Map<number, Attempt>;
  /** Attempts that count towards `maxAttempts`, and towards `maxCrashes`. */
  errors: number;
  crashes: number;
  /** Whether an attempt ended while several records were in flight, so that the record to blame is unknown. */
  endedAtSeveral: boolean;
  /** How many attempts could not read or write a file, and until when the next attempt is delayed for that reason. */
  ioErrors: number;
  retryAtMs: number | undefined;
  /** How often the files of the completed task were damaged or gone. */
  filesLost: number;
  /** The workers on which an attempt failed: other workers are tried first. */
  readonly failedOn: Set<string>;
  /** The first error of the app, which is the one to show: later errors often result from it. */
  firstError?: TaskError;
  /** Records at which attempts ended, by position, when bad records may be skipped. */
  readonly suspects: Map<number, Suspect>;
  /** The positions of the records to skip. */
  readonly skip: Set<number>;
  /**
   * Attempts that ran when the coordinator died, and their workers: a worker that comes back may continue its attempt.
   */
  readonly orphans: Map<number, string>;
  /** The result of the commit; undefined unless the task is completed. */
  commit: TaskCommit | undefined;
  /** The last transitions, for the message about an illegal one. */
  readonly history: string[];
}

/** The files that map tasks `fromMap` to `toMap` - 1 wrote for a partition: what a combine task merges. */
export interface MapRange {
  readonly partition: number;
  readonly fromMap: number;
  readonly toMap: number;
}

export interface TaskError {
  readonly message: string;
  readonly stack?: string | undefined;
  /** The position of the record that was being mapped. */
  readonly record?: number | undefined;
  /** The key or the beginning of the record at which the app threw, for people. */
  readonly atWork?: string | undefined;
  /** The last output of the attempt to standard output and error. */
  readonly output?: string | undefined;
}

/** A record at which attempts ended. */
interface Suspect {
  errors: number;
  crashes: number;
}

/** The contribution of a completed task to the job. */
export interface TaskCommit {
  readonly attempt: number;
  /** The files of a map task. */
  readonly files: MapFiles | undefined;
  /**
   * The file of a combine task, as an input of the reduce task. Undefined when there is none, so that the reduce task
   * reads the files of the map tasks.
   */
  readonly combined?: ReduceInput | undefined;
  /** The records that a map task skipped. */
  readonly skipped: readonly RecordPlace[];
  /** The keys that a sample task found. */
  readonly sampled?: readonly string[] | undefined;
  readonly sideFiles: SideFiles;
  readonly namedOutputs?: NamedOutputs | undefined;
  /** CRC-32 of the task's output file, if it writes one. */
  readonly checksum: number | undefined;
  /** Where the keys in that file end. */
  readonly textKeyEnd?: TextKeyEnd | undefined;
  readonly done: Measures;
}

export type DoneOutcome = Extract<AttemptOutcome, { type: "done" }>;
export type FailedOutcome = Extract<AttemptOutcome, { type: "failed" }>;

/** A record that the job skips. */
export interface SkippedRecord {
  readonly task: number;
  readonly offset: number;
  /** The error that ended attempts at this record. */
  readonly error: { readonly message: string; readonly stack?: string | undefined };
}

export interface Worker {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** `silent`: not heard for the task timeout. The worker holds no attempt and gets no task until it is heard again. */
  state: "alive" | "silent";
  lastHeardMs: number;
  memoryBytes: number;
  pinged: boolean;
  /** The attempt it runs; a worker has one slot. */
  running: { readonly task: Task; readonly attempt: Attempt } | undefined;
  /** How many of its attempts committed, and how many were lost. */
  committed: number;
  lost: number;
  /** Its `RequestTask` call that awaits a reply. */
  parkedCall: number | undefined;
}

/** Why a job failed. */
export interface JobFailure {
  readonly message: string;
  /** The stack of the app's own error. */
  readonly stack?: string | undefined;
  /** Further details, one sentence per line. */
  readonly details?: readonly string[];
  /** The last output, to standard output and error, of the attempt with that error. */
  readonly output?: string | undefined;
  /** Set when the user or the system ended the job, rather than an error in it. */
  readonly isAbort?: true;
}

export interface State {
  readonly settings: JobSettings;
  readonly startedAtMs: number;
  phase: "waiting" | "map" | "reduce" | JobOutcome;
  /** Set when the job must end gracefully: running attempts may finish, and no new ones begin. */
  draining: boolean;
  /** Known once the first worker has registered. */
  app: AppIdentity | undefined;
  /**
   * Set until the first worker of a resumed job, whose app is said to have changed, has joined: even if all tasks are
   * done, the job is not over.
   */
  awaitsChangedApp: boolean;
  /** The job's `--arg` values: the coordinator's own, or else the first worker's. */
  args: Readonly<Record<string, string>> | undefined;
  /** Empty, unless partitions are ranges of keys. */
  samples: readonly Task[];
  maps: readonly Task[];
  /** Planned once all maps are committed; usually empty. See `combine-tasks.ts`. */
  combines: readonly Task[];
  /** The combine tasks of each partition that has some, in the order of their ranges. */
  combinesOf: ReadonlyMap<number, readonly Task[]>;
  reduces: readonly Task[];
  /** The keys at which partitions 1, 2, … begin; known when every sample task is completed. See `boundaries.ts`. */
  boundaries: readonly string[];
  /**
   * Tasks waiting for a worker, the next one last. Maps are assigned once all samples are completed, and combines and
   * reduces while all maps are.
   */
  readonly pending: Readonly<Record<Task["kind"], Task[]>>;
  readonly completed: Record<Task["kind"], number>;
  readonly inProgress: Set<Task>;
  /** When each task in progress is due for a backup attempt. */
  readonly backups: BackupQueue<Task>;
  readonly workers: Map<string, Worker>;
  workersJoined: number;
  /** Workers whose `RequestTask` waits, oldest first. */
  readonly parked: Set<Worker>;
  /** Sums over committed attempts. */
  readonly measures: { readonly map: Totals; readonly reduce: Totals };
  readonly attempts: Attempts;
  mapsLost: number;
  readonly skipped: SkippedRecord[];
  /** The warnings of committed attempts. */
  readonly warnings: Warnings;
  /** Which values of `--arg` committed attempts have read. */
  readonly argUse: ArgUseOfJob;
  /** The calls of `map` that may begin, in a job with a rate. */
  readonly startSlots: StartSlots;
  /** The attempts that have ended since this coordinator started. */
  readonly timeline: Timeline;
  /** The input size of each reduce task, summed over the committed maps. */
  readonly partitionBytes: Float64Array;
  failure: JobFailure | undefined;
}

/** Counts of attempts that did not simply succeed. */
interface Attempts {
  failed: number;
  crashed: number;
  backup: number;
  backupWon: number;
  backupSavedMs: number;
}

/** Whether the job has ended, in whatever way. */
export function hasEnded(state: State): boolean {
  return state.phase === "done" || state.phase === "failed" || state.phase === "stopped";
}

/** How an ended job ended. */
export function outcomeOf({ phase }: Pick<State, "phase">): JobOutcome {
  return phase === "done" || phase === "stopped" ? phase : "failed";
}

/** The tasks of one kind. */
export function tasksOf({ samples, maps, combines, reduces }: State, kind: Task["kind"]): readonly Task[] {
  return { sample: samples, map: maps, combine: combines, reduce: reduces }[kind];
}

/** Whether a task's delay has passed, so that it may be assigned. */
export function isDue({ retryAtMs }: Pick<Task, "retryAtMs">, now: number): boolean {
  return retryAtMs === undefined || retryAtMs <= now;
}

/** Whether maps may run: until the boundaries are known, the partition of a key is not. */
export function samplesAreDone(state: State): boolean {
  return state.completed.sample === state.samples.length;
}

/** Whether reduces may run: until every map is committed, some values of a key may be missing. */
export function mapsAreDone(state: State): boolean {
  return state.completed.map === state.maps.length;
}

/** Whether a task reads files that map tasks wrote. */
export function readsMapFiles({ kind }: Pick<Task, "kind">): boolean {
  return kind === "combine" || kind === "reduce";
}

/** The tasks whose files are the output of the job. */
export function outputTasks({
  settings,
  maps,
  reduces,
}: Pick<State, "settings" | "maps" | "reduces">): readonly Task[] {
  return settings.reducers === 0 ? maps : reduces;
}

/** The name of a task in messages. */
export function taskName({ kind, index, splits }: Pick<Task, "kind" | "index" | "splits">): string {
  const files = filesText(splits);
  return files === undefined ? `${kind} task ${index}` : `${kind} task ${index} (${files})`;
}

export function refOf(task: Task, attempt: Attempt): AttemptRef {
  return { kind: task.kind, task: task.index, attempt: attempt.number };
}
