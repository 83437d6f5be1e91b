import type { Snapshot } from "../../rpc/protocol.js";
import type { Measures, State, Task } from "./model.js";

/** The job's state in the one form that progress bar, report and `Status` share. */
export function takeSnapshot(state: State, now: number): Snapshot {
  const silent = [...state.workers.values()].filter((worker) => worker.state === "silent").length;
  return {
    phase: state.phase,
    ...(state.app === undefined ? {} : { app: state.app }),
    maps: countTasks(state.maps),
    reduces: countTasks(state.reduces),
    workers: { connected: state.workers.size, silent },
    attempts: { ...state.attempts },
    map: measuresOf(state.measures.map),
    reduce: measuresOf(state.measures.reduce),
    elapsedMs: now - state.startedAtMs,
    ...(state.failure === undefined ? {} : { failure: state.failure.message }),
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
