import { noTotals } from "../model/measures.js";
import { BackupQueue } from "./backup-queue.js";
import type { JobSettings } from "../model/job.js";
import type { State, Task } from "./model.js";
import { StartSlots } from "./start-slots.js";
import { Timeline } from "./timeline.js";
import { ArgUseOfJob } from "./arg-use.js";
import { Warnings } from "./warnings.js";

/** Creates the state of a job before any worker has registered. `args` are the coordinator's own, if any. */
export function createState(
  settings: JobSettings,
  args: Readonly<Record<string, string>> | undefined,
  now: number,
): State {
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
    workers: new Map(),
    workersJoined: 0,
    parked: new Set(),
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
