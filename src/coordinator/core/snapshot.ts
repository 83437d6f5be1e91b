import type { Snapshot } from "../../rpc/protocol.js";
import type { Measures, State, Task, Worker } from "./model.js";
import { refOf } from "./model.js";

/** The job's state in the one form that progress bar, report and `Status` share. */
export function takeSnapshot(state: State, now: number): Snapshot {
  return {
    phase: state.phase,
    ...(state.app === undefined ? {} : { app: state.app }),
    maps: countTasks(state.maps),
    reduces: countTasks(state.reduces),
    workers: [...state.workers.values()].map((worker) => workerState(worker, now)),
    attempts: { ...state.attempts },
    mapsLost: state.mapsLost,
    recordsSkipped: state.skipped.length,
    map: measuresOf(state.measures.map),
    reduce: measuresOf(state.measures.reduce),
    elapsedMs: now - state.startedAtMs,
    ...(state.failure === undefined ? {} : { failure: state.failure.message }),
  };
}

function workerState({ id, pid, host, state, memoryBytes, running }: Worker, now: number): Snapshot["workers"][number] {
  const worker = { id, pid, host, isSilent: state === "silent", memoryBytes };
  if (running === undefined) return worker;
  const { records, bytes, startedAtMs } = running.attempt;
  return {
    ...worker,
    running: { ref: refOf(running.task, running.attempt), records, bytes, elapsedMs: now - startedAtMs },
  };
}

function countTasks(tasks: readonly Task[]): Snapshot["maps"] {
  const counts = { total: tasks.length, idle: 0, inProgress: 0, completed: 0 };
  for (const { state } of tasks) counts[state === "in-progress" ? "inProgress" : state] += 1;
  return counts;
}

function measuresOf({ counters, ...numbers }: Measures): Snapshot["map"] {
  return { ...numbers, counters: [...counters] };
}
