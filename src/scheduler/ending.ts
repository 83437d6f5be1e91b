import type { JobOutcome } from "../model/job.js";
import type { Effect } from "./events.js";
import { type JobFailure, type State, hasEnded } from "./model.js";
import { unpark } from "./release.js";

/**
 * Ends the job: done, or with a failure. Tells waiting and working workers at once, and the others when they next ask
 * for a task.
 */
export function endJob(state: State, outcome: JobOutcome, failure: JobFailure | undefined, effects: Effect[]): void {
  state.phase = outcome;
  state.failure = failure;
  for (const worker of state.workers.values()) {
    if (worker.parkedCall !== undefined) unpark(state, worker, { type: "exit", outcome }, effects);
    else if (worker.running !== undefined) effects.push({ type: "shutdown", worker: worker.id, outcome });
  }
  effects.push({ type: "jobEnded", outcome });
}

/** Ends the job if no work is left: every task is completed, or the job drains and no attempt runs. */
export function endIfOver(state: State, effects: Effect[]): void {
  if (hasEnded(state)) return;
  const { completed, maps, reduces } = state;
  const isComplete = completed.map === maps.length && completed.reduce === reduces.length;
  if (state.phase !== "waiting" && isComplete && !state.awaitsChangedApp) {
    endJob(state, "done", undefined, effects);
  } else if (state.draining && state.inProgress.size === 0) {
    endJob(state, "stopped", undefined, effects);
  }
}
