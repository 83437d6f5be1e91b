import { measuresOfTotals } from "../../model/measures.js";
import type { AppIdentity } from "../../model/app-identity.js";
import type { Snapshot } from "../../model/snapshot.js";
import type { Cluster, Worker } from "../cluster/cluster.js";
import type { JobState } from "../job/job.js";
import { type Task, refOf } from "../job/task.js";

/** Returns the job's state in the form that the progress bar, the report and `Status` share. */
export function takeSnapshot({ workers }: Cluster, state: JobState, now: number): Snapshot {
  return {
    phase: state.phase,
    ...(state.app === undefined ? {} : { app: withoutMapSide(state.app) }),
    maps: countTasks(state, "map", state.maps.length),
    reduces: countTasks(state, "reduce", state.reduces.length),
    workers: [...workers.values()].map((worker) => workerState(state, worker, now)),
    attempts: { ...state.attempts },
    mapsLost: state.mapsLost,
    recordsSkipped: state.skipped.length,
    warnings: { list: state.warnings.list, omitted: state.warnings.omitted },
    map: measuresOfTotals(state.measures.map),
    reduce: measuresOfTotals(state.measures.reduce),
    elapsedMs: now - state.startedAtMs,
    ...(state.failure === undefined ? {} : { failure: state.failure.message }),
  };
}

/** Only the journal needs the hashes. */
function withoutMapSide(app: AppIdentity): AppIdentity {
  return { ...app, mapSide: undefined };
}

function workerState(
  job: JobState,
  { id, pid, host, state, memoryBytes, running }: Worker,
  now: number,
): Snapshot["workers"][number] {
  const worker = { id, pid, host, isSilent: state === "silent", memoryBytes };
  if (running?.job !== job) return worker;
  const { records, bytes, startedAtMs } = running.attempt;
  return {
    ...worker,
    running: { ref: refOf(running.task, running.attempt), records, bytes, elapsedMs: now - startedAtMs },
  };
}

/** Counts tasks without visiting each one: a job may have many, and clients may ask often. */
export function countTasks(
  { completed, pending, inProgress }: JobState,
  kind: Task["kind"],
  total: number,
): Snapshot["maps"] {
  let running = 0;
  for (const task of inProgress) if (task.kind === kind) running += 1;
  return { total, idle: pending[kind].length, inProgress: running, completed: completed[kind] };
}
