import type { Assignment } from "../model/assignment.js";
import { scheduleBackup } from "./backups.js";
import type { Effect } from "./events.js";
import { type Attempt, type State, type Task, type Worker, taskName } from "./model.js";
import { moveAttempt } from "./transitions.js";

/** Answers the waiting `RequestTask` of this worker, if there is one. */
export function unpark(state: State, worker: Worker, assignment: Assignment, effects: Effect[]): void {
  if (worker.parkedCall !== undefined) effects.push({ type: "reply", call: worker.parkedCall, result: assignment });
  worker.parkedCall = undefined;
  state.parked.delete(worker);
}

/** Takes an attempt away from its worker without blaming it. The caller must tell the worker. */
export function cancelAttempt(state: State, task: Task, attempt: Attempt, now: number): void {
  moveAttempt(task, attempt, "cancelled", now);
  task.attempts.delete(attempt.number);
  state.timeline.addCancelled(task, attempt, now);
  scheduleBackup(state, task);
  const holder = state.workers.get(attempt.worker);
  if (holder === undefined) throw new Error(`attempt ${attempt.number} of ${taskName(task)} has no worker`);
  holder.running = undefined;
}

/** Takes the running attempt away from a worker. */
export function release(worker: Worker): { task: Task; attempt: Attempt } {
  const { running } = worker;
  if (running === undefined) throw new Error(`worker ${worker.id} runs no attempt`);
  worker.running = undefined;
  return running;
}
