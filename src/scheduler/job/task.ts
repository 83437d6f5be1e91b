/**
 * A task, a piece of a job, and its attempts: an attempt is one execution of the task by one worker. A task has a single
 * attempt if all goes well, and more after failures or with a backup.
 */
import type { ReduceInput } from "../../model/assignment.js";
import type { AttemptOutcome, AttemptRef, NamedOutputs, SideFiles } from "../../model/attempt.js";
import type { Measures } from "../../model/measures.js";
import type { TextKeyEnd } from "../../model/output-format.js";
import type { RecordPlace, Split } from "../../model/split.js";
import type { MapFiles } from "./map-files.js";

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

/** Creates a task that no worker has run yet. */
export function createTask(task: Pick<Task, "kind" | "index" | "splits" | "places" | "range">): Task {
  return {
    ...task,
    state: "idle",
    attemptsBegun: 0,
    backupsBegun: 0,
    attempts: new Map(),
    errors: 0,
    crashes: 0,
    endedAtSeveral: false,
    ioErrors: 0,
    retryAtMs: undefined,
    filesLost: 0,
    failedOn: new Set(),
    suspects: new Map(),
    skip: new Set(),
    orphans: new Map(),
    commit: undefined,
    history: [],
  };
}

/** Whether a task's delay has passed, so that it may be assigned. */
export function isDue({ retryAtMs }: Pick<Task, "retryAtMs">, now: number): boolean {
  return retryAtMs === undefined || retryAtMs <= now;
}

/** Whether a task reads files that map tasks wrote. */
export function readsMapFiles({ kind }: Pick<Task, "kind">): boolean {
  return kind === "combine" || kind === "reduce";
}

/** The name of a task in messages. */
export function taskName({ kind, index, splits }: Pick<Task, "kind" | "index" | "splits">): string {
  const files = filesText(splits);
  return files === undefined ? `${kind} task ${index}` : `${kind} task ${index} (${files})`;
}

export function refOf(task: Task, attempt: Attempt): AttemptRef {
  return { kind: task.kind, task: task.index, attempt: attempt.number };
}

interface HasSplits {
  readonly splits?: readonly Split[];
}

/** The length of a task's splits in bytes; 0 for a task without any. */
export function splitBytes({ splits = [] }: HasSplits): number {
  return splits.reduce((sum, { startBytes, endBytes }) => sum + endBytes - startBytes, 0);
}

/** The input of a map task in messages; undefined for other tasks. */
export function filesText(splits: readonly Pick<Split, "file">[] = []): string | undefined {
  const [first] = splits;
  if (first === undefined || splits.length === 1) return first?.file;
  return `${first.file} and ${splits.length - 1} more file${splits.length === 2 ? "" : "s"}`;
}
