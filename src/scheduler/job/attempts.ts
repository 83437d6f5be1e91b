/** Attempts in the slots of workers: how they begin there, continue and are taken away. */
import type { AttemptRef, JobAttemptRef } from "../../model/attempt.js";
import { scheduleBackup } from "./backups.js";
import { awaitsCombines } from "./combine-tasks.js";
import type { JobEffect } from "./effects.js";
import { type JobState, type Running, type Slot, hasEnded, tasksOf } from "./job.js";
import { type Attempt, type Task, refOf, taskName } from "./task.js";
import { moveAttempt, moveTask } from "./transitions.js";

/** Registers an attempt that this worker now runs. */
export function startAttempt(
  state: JobState,
  task: Task,
  slot: Slot,
  { number, isBackup, skip }: Pick<Attempt, "number" | "isBackup" | "skip">,
  now: number,
): void {
  const attempt: Attempt = {
    number,
    worker: slot.id,
    startedAtMs: now,
    isBackup,
    mapsLostBefore: state.mapsLost,
    skip,
    state: "running",
    records: 0,
    bytes: 0,
    progressAtMs: now,
    memoryBytesBefore: slot.memoryBytes,
  };
  task.attempts.set(number, attempt);
  slot.running = { job: state, task, attempt };
  scheduleBackup(state, task);
}

/**
 * Whether a worker that came back may continue its attempt: it held the attempt before, and the task is still
 * unfinished.
 */
export function continueAttempt(
  state: JobState,
  slot: Slot,
  formerWorker: string,
  { kind, task: index, attempt }: AttemptRef,
  now: number,
  effects: JobEffect[],
): boolean {
  const task = tasksOf(state, kind)[index];
  if (task?.orphans.get(attempt) !== formerWorker || hasEnded(state)) return false;
  task.orphans.delete(attempt);
  if (task.state === "completed" || task.attempts.size > 1 || awaitsCombines(state, task)) return false;
  if (task.state === "idle") {
    moveTask(task, "assigned", `to ${slot.id}, which already had it`, now);
    state.pending[kind].splice(state.pending[kind].indexOf(task), 1);
    state.inProgress.add(task);
  } else {
    moveTask(task, "backed up", `by ${slot.id}, which already had it`, now);
  }
  // The records it was told to skip are not known: it may map a record that is skipped by now.
  startAttempt(state, task, slot, { number: attempt, isBackup: false, skip: [] }, now);
  const journaled = { kind, task: index, attempt };
  effects.push({ type: "journal", record: { type: "began", ref: journaled, worker: slot.id } });
  effects.push({ type: "log", level: "info", message: `${slot.id} resumes ${taskName(task)}` });
  return true;
}

/** Returns the attempt if this worker runs it; undefined if it was revoked or never existed. */
export function findAttempt({ running }: Slot, ref: JobAttemptRef): Running | undefined {
  if (running?.job.settings.id !== ref.job) return undefined;
  const { task, attempt } = running;
  const isSame = task.kind === ref.kind && task.index === ref.task && attempt.number === ref.attempt;
  return isSame ? running : undefined;
}

/** Takes the running attempt away from a worker. */
export function release(slot: Slot): Running {
  const { running } = slot;
  if (running === undefined) throw new Error(`worker ${slot.id} runs no attempt`);
  slot.running = undefined;
  return running;
}

/** Takes an attempt away from its worker without blaming it. The caller must tell the worker. */
export function cancelAttempt(state: JobState, task: Task, attempt: Attempt, now: number): void {
  moveAttempt(task, attempt, "cancelled", now);
  task.attempts.delete(attempt.number);
  state.timeline.addCancelled(task, attempt, now);
  scheduleBackup(state, task);
  const holder = state.slots.get(attempt.worker);
  if (holder === undefined) throw new Error(`attempt ${attempt.number} of ${taskName(task)} has no worker`);
  holder.running = undefined;
}

/** Takes its attempt away from a worker when the job has ended and the worker may serve another one. */
export function recallAttempt({ job, task, attempt }: Running, now: number, effects: JobEffect[]): void {
  const isLast = task.attempts.size === 1;
  moveTask(task, isLast ? "last attempt lost" : "attempt lost", "the job has ended", now);
  cancelAttempt(job, task, attempt, now);
  if (isLast) {
    job.inProgress.delete(task);
    job.pending[task.kind].push(task);
  }
  effects.push({ type: "cancel", worker: attempt.worker, ref: refOf(task, attempt) });
}
