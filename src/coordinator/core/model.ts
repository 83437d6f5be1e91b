/**
 * The scheduler's vocabulary: its state. The events that change it and the effects that it asks for are in `events.ts`.
 *
 * All of `core/` is one pure state machine, `step(state, event, now) → effects`, in the manner of etcd's raft: no clock,
 * socket, file, timer or random number inside. The shell (`../coordinator.ts`) turns calls of workers into events and effects
 * into replies. So every history can be replayed from a text file and whole clusters run on a fake clock.
 *
 * Words that look alike: a task is a piece of the job, an attempt is one execution of it by one worker; a task has one
 * attempt when all goes well and several after failures or with a backup.
 */
import type { TextKeyEnd } from "../../output/text-key-end.js";
import type { Measures, Totals } from "../../rpc/measures.js";
import type {
  AppIdentity,
  AttemptOutcome,
  AttemptRef,
  JobOutcome,
  Partitioner,
  RecordPlace,
  ResultOf,
  SharedFile,
  SideFiles,
  Split,
} from "../../rpc/protocol.js";
import type { BackupQueue } from "./backup-queue.js";
import type { MapFiles } from "./map-files.js";
import type { Timeline } from "./timeline.js";
import type { ArgUseOfJob } from "./arg-use.js";
import type { Warnings } from "./warnings.js";

/** What a job is run with; complete, checked, never changed. */
export interface JobSettings {
  readonly id: string;
  /** With none, what the maps emit is the output. */
  readonly reducers: number;
  /** How keys are spread over the reducers; with `range` the plan has a sample, which is taken before the first map. */
  readonly partitioner: Partitioner;
  /** What the output is written as; handed to the workers unread. */
  readonly output: ResultOf<"Register">["job"]["output"];
  /** Where intermediate and output files go; handed to the workers unread. */
  readonly directory: string;
  /** What the names of intermediate files begin with; handed to the workers unread. */
  readonly intermediatePrefix: string;
  /** How much memory the pairs of a map attempt may take before they are spilled; for the workers, as is the directory. */
  readonly collectorBytes: number;
  /** Whether map attempts look if `combine` changes what `reduce` gives; for the workers, too. */
  readonly checksCombine?: true | undefined;
  /** The files that the app may read; for the workers, too. */
  readonly files: readonly SharedFile[];
  /** A worker silent for so long is presumed dead; a task running for so long gets a backup attempt. */
  readonly taskTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** An attempt that finishes no record for so long is ended by its worker; undefined when it may take any time. */
  readonly attemptTimeoutMs: number | undefined;
  /** Whether slow tasks get backup attempts. */
  readonly backupTasks: boolean;
  /** So many attempts of one task may end with an error that the app threw. */
  readonly maxAttempts: number;
  /** So many attempts of one task may end because their thread, process or connection ended. */
  readonly maxCrashes: number;
  /** So many bad records may be left out; 0 when none may. */
  readonly badRecordsMax: number;
  /** The names of `--arg` that the app must read, or the job fails; undefined for all that the job has. */
  readonly argsToRead?: readonly string[] | undefined;
}

/** Paper section 3.2: "idle, in-progress, or completed". How they change stands in `transitions.ts`. */
export type TaskState = "idle" | "in-progress" | "completed";
export type AttemptState = "running" | "committing" | "committed" | "failed" | "cancelled";

export interface Attempt {
  readonly number: number;
  readonly worker: string;
  readonly startedAtMs: number;
  readonly isBackup: boolean;
  /** How many finished maps the job had lost when the attempt began: what it is told later may be about another one. */
  readonly mapsLostBefore: number;
  /** Where the records begin that it was told to leave out. */
  readonly skip: readonly number[];
  state: AttemptState;
  /** How far the worker's last heartbeat said it is. */
  records: number;
  bytes: number;
}

export interface Task {
  readonly kind: AttemptRef["kind"];
  readonly index: number;
  /** Input of a map task. */
  readonly split?: Split;
  /** Input of a sample task. */
  readonly places?: readonly Split[];
  state: TaskState;
  /** Attempts begun so far; the next one gets the next number. */
  attemptsBegun: number;
  backupsBegun: number;
  /** The attempts that run now, by number: none, one, or one and its backup. */
  readonly attempts: Map<number, Attempt>;
  /** Attempts that count towards `maxAttempts`, and towards `maxCrashes`. */
  errors: number;
  crashes: number;
  /** How many of its attempts could not read or write a file, and until when the next one waits for that. */
  ioErrors: number;
  retryAtMs: number | undefined;
  /** How often its files were damaged or gone after it was completed. */
  filesLost: number;
  /** Workers on which an attempt failed: another one is tried first. */
  readonly failedOn: Set<string>;
  /** The first error of the app, which is the one to show: later ones are often its consequence. */
  firstError?: TaskError;
  /** Records at which attempts ended, by where they begin, when bad records may be left out. */
  readonly suspects: Map<number, Suspect>;
  /** Where the records begin that are left out. */
  readonly skip: Set<number>;
  /** Attempts that ran when the coordinator died, and their workers: who comes back goes on with his. */
  readonly orphans: Map<number, string>;
  /** What its commit has brought; undefined unless it is completed. */
  commit: TaskCommit | undefined;
  /** The last transitions, for the message of an illegal one. */
  readonly history: string[];
}

export interface TaskError {
  readonly message: string;
  readonly stack?: string | undefined;
  /** Where the record begins that was being mapped. */
  readonly record?: number | undefined;
  /** The last that the attempt has written to standard output and error. */
  readonly output?: string | undefined;
}

/** A record at which attempts ended. */
interface Suspect {
  errors: number;
  crashes: number;
}

/** What a task has given to the job. */
export interface TaskCommit {
  readonly attempt: number;
  /** The files of a map task. */
  readonly files: MapFiles | undefined;
  /** The records that a map task has left out. */
  readonly skipped: readonly RecordPlace[];
  /** The keys that a sample task has found. */
  readonly sampled?: readonly string[] | undefined;
  readonly sideFiles: SideFiles;
  /** CRC-32 of its output file, if it makes one. */
  readonly checksum: number | undefined;
  /** Where the keys in that file end. */
  readonly textKeyEnd?: TextKeyEnd | undefined;
  readonly done: Measures;
}

export type DoneOutcome = Extract<AttemptOutcome, { type: "done" }>;
export type FailedOutcome = Extract<AttemptOutcome, { type: "failed" }>;

/** A record that is left out of the job. */
export interface SkippedRecord {
  readonly task: number;
  readonly offset: number;
  /** What attempts ended with at this record. */
  readonly error: { readonly message: string; readonly stack?: string | undefined };
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
  /** Attempts of it that committed, and that were lost. */
  committed: number;
  lost: number;
  /** Its `RequestTask` that waits for an answer. */
  parkedCall: number | undefined;
}

/** Why a job failed. */
export interface JobFailure {
  readonly message: string;
  /** The stack of the app's own error. */
  readonly stack?: string | undefined;
  /** What else is known about it, a sentence a line. */
  readonly details?: readonly string[];
  /** The last that the attempt with that error has written to standard output and error. */
  readonly output?: string | undefined;
  /** It was ended by the user or the system, and not by what happened in it. */
  readonly isAbort?: true;
}

export interface State {
  readonly settings: JobSettings;
  readonly startedAtMs: number;
  phase: "waiting" | "map" | "reduce" | JobOutcome;
  /** Set when the job is to end in good order: what runs may finish, nothing else is begun. */
  draining: boolean;
  /** Known once the first worker has registered. */
  app: AppIdentity | undefined;
  /** The job's `--arg` values: the coordinator's own, or else those of the first worker. */
  args: Readonly<Record<string, string>> | undefined;
  /** None, unless partitions are ranges of keys. */
  samples: readonly Task[];
  maps: readonly Task[];
  reduces: readonly Task[];
  /** The keys at which partitions 1, 2, … begin; known when every sample is completed. See `boundaries.ts`. */
  boundaries: readonly string[];
  /**
   * Tasks that wait for a worker, the next one last. Maps are handed out when every sample is completed, reduces while every
   * map is.
   */
  readonly pending: Readonly<Record<Task["kind"], Task[]>>;
  readonly completed: Record<Task["kind"], number>;
  readonly inProgress: Set<Task>;
  /** When which task in progress is due for a backup attempt. */
  readonly backups: BackupQueue<Task>;
  readonly workers: Map<string, Worker>;
  workersJoined: number;
  /** Workers whose `RequestTask` waits, longest first. */
  readonly parked: Set<Worker>;
  /** Sums over committed attempts. */
  readonly measures: { readonly map: Totals; readonly reduce: Totals };
  readonly attempts: Attempts;
  mapsLost: number;
  readonly skipped: SkippedRecord[];
  /** What committed attempts warned of. */
  readonly warnings: Warnings;
  /** Which values of `--arg` committed attempts have read. */
  readonly argUse: ArgUseOfJob;
  /** What became of the attempts since this coordinator began. */
  readonly timeline: Timeline;
  /** What each reduce task has to read, as far as the maps are committed. */
  readonly partitionBytes: Float64Array;
  failure: JobFailure | undefined;
}

/** What became of attempts that did not simply succeed. */
interface Attempts {
  failed: number;
  crashed: number;
  backup: number;
  backupWon: number;
  backupSavedMs: number;
}

/** Whether the job is over, well or badly. */
export function hasEnded(state: State): boolean {
  return state.phase === "done" || state.phase === "failed" || state.phase === "stopped";
}

/** How a job has ended that has. */
export function outcomeOf({ phase }: Pick<State, "phase">): JobOutcome {
  return phase === "done" || phase === "stopped" ? phase : "failed";
}

/** The tasks of one kind. */
export function tasksOf({ samples, maps, reduces }: State, kind: Task["kind"]): readonly Task[] {
  return { sample: samples, map: maps, reduce: reduces }[kind];
}

/** Whether it may be handed out, once a worker is free and the tasks before it are done. */
export function isDue({ retryAtMs }: Pick<Task, "retryAtMs">, now: number): boolean {
  return retryAtMs === undefined || retryAtMs <= now;
}

/** Whether maps may run: only when the boundaries are known is it known to which partition a key belongs. */
export function samplesAreDone(state: State): boolean {
  return state.completed.sample === state.samples.length;
}

/** Whether reduces may run: only when every map is committed all that belongs to a key is known. */
export function mapsAreDone(state: State): boolean {
  return state.completed.map === state.maps.length;
}

/** The tasks whose files are the output of the job. */
export function outputTasks({
  settings,
  maps,
  reduces,
}: Pick<State, "settings" | "maps" | "reduces">): readonly Task[] {
  return settings.reducers === 0 ? maps : reduces;
}

/** How long its split is; 0 for a task that has none. */
export function splitBytes({ split }: Pick<Task, "split">): number {
  return split === undefined ? 0 : split.endBytes - split.startBytes;
}

/** How a task is called in messages. */
export function taskName(task: Pick<Task, "kind" | "index" | "split">): string {
  return `${task.kind} task ${task.index}${task.split === undefined ? "" : ` (${task.split.file})`}`;
}

export function refOf(task: Task, attempt: Attempt): AttemptRef {
  return { kind: task.kind, task: task.index, attempt: attempt.number };
}
