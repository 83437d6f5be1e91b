/**
 * The state of a job: its tasks, what they have made, and how it ended.
 *
 * This folder is about one job, and `../cluster/` about the workers that serve it and others. A job sees each worker as a
 * slot, in which one attempt may run.
 */
import type { AppIdentity } from "../../model/app-identity.js";
import type { JobOutcome, JobSettings } from "../../model/job.js";
import { noTotals, type Totals } from "../../model/measures.js";
import { ArgUseOfJob } from "./arg-use.js";
import { BackupQueue } from "./backup-queue.js";
import { StartSlots } from "./start-slots.js";
import type { Attempt, Task } from "./task.js";
import { Timeline } from "./timeline.js";
import { Warnings } from "./warnings.js";

/** A worker as a job sees it: it runs one attempt at a time, of this job or of another. */
export interface Slot {
  /** The id of the worker. */
  readonly id: string;
  /** `silent`: not heard for the task timeout. The worker holds no attempt and gets no task until it is heard again. */
  state: "alive" | "silent";
  memoryBytes: number;
  running: Running | undefined;
  /** How many of its attempts committed, and how many were lost. */
  committed: number;
  lost: number;
}

/** The attempt that a worker runs. */
export interface Running {
  readonly job: JobState;
  readonly task: Task;
  readonly attempt: Attempt;
}

/** A record that the job skips. */
export interface SkippedRecord {
  readonly task: number;
  readonly offset: number;
  /** The error that ended attempts at this record. */
  readonly error: { readonly message: string; readonly stack?: string | undefined };
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

export interface JobState {
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
  /** The workers of the cluster, by id. */
  readonly slots: ReadonlyMap<string, Slot>;
  /**
   * The highest number of a worker that the journal names, 0 if none: its token is valid for its attempt, so no other
   * worker may get its id.
   */
  lastFormerWorker: number;
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

/** Creates the state of a job before any worker has registered. `args` are the coordinator's own, if any. */
export function createJob(
  settings: JobSettings,
  args: Readonly<Record<string, string>> | undefined,
  slots: ReadonlyMap<string, Slot>,
  now: number,
): JobState {
  return {
    settings,
    startedAtMs: now,
    phase: "waiting",
    draining: false,
    app: undefined,
    awaitsChangedApp: false,
    args,
    samples: [],
    maps: [],
    combines: [],
    combinesOf: new Map(),
    reduces: [],
    boundaries: [],
    pending: { sample: [], map: [], combine: [], reduce: [] },
    completed: { sample: 0, map: 0, combine: 0, reduce: 0 },
    inProgress: new Set(),
    backups: new BackupQueue<Task>(),
    slots,
    lastFormerWorker: 0,
    measures: { map: noTotals(), reduce: noTotals() },
    attempts: { failed: 0, crashed: 0, backup: 0, backupWon: 0, backupSavedMs: 0 },
    mapsLost: 0,
    skipped: [],
    warnings: new Warnings(),
    argUse: new ArgUseOfJob(),
    startSlots: new StartSlots(now),
    timeline: new Timeline(),
    partitionBytes: new Float64Array(settings.reducers),
    failure: undefined,
  };
}

/** How many calls of `map` may begin in a second; undefined for any number. The job overrides its app. */
export function rateOf({ settings, app }: JobState): number | undefined {
  return settings.ratePerSecond ?? app?.ratePerSecond;
}

/** Whether the job has ended, in whatever way. */
export function hasEnded(state: JobState): boolean {
  return state.phase === "done" || state.phase === "failed" || state.phase === "stopped";
}

/** How an ended job ended. */
export function outcomeOf({ phase }: Pick<JobState, "phase">): JobOutcome {
  return phase === "done" || phase === "stopped" ? phase : "failed";
}

/** The tasks of one kind. */
export function tasksOf({ samples, maps, combines, reduces }: JobState, kind: Task["kind"]): readonly Task[] {
  return { sample: samples, map: maps, combine: combines, reduce: reduces }[kind];
}

/** Whether maps may run: until the boundaries are known, the partition of a key is not. */
export function samplesAreDone(state: JobState): boolean {
  return state.completed.sample === state.samples.length;
}

/** Whether reduces may run: until every map is committed, some values of a key may be missing. */
export function mapsAreDone(state: JobState): boolean {
  return state.completed.map === state.maps.length;
}

/** The tasks whose files are the output of the job. */
export function outputTasks({
  settings,
  maps,
  reduces,
}: Pick<JobState, "settings" | "maps" | "reduces">): readonly Task[] {
  return settings.reducers === 0 ? maps : reduces;
}
