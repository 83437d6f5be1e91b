import type { AttemptOutcome, AttemptRef } from "../../rpc/protocol.js";
import type { Attempt, Effect, JobFailure, Measures, State, Task, TaskError, Worker } from "./model.js";
import { hasEnded, refOf, taskName } from "./model.js";
import { cancelAttempt, unpark } from "./release.js";
import { moveAttempt, moveTask } from "./transitions.js";

type Done = Extract<AttemptOutcome, { type: "done" }>;
type Loss = TaskError & Pick<Extract<AttemptOutcome, { type: "failed" }>, "class">;

/** The attempt of that name, if this worker runs it; undefined for one that was revoked or never was. */
export function findAttempt(worker: Worker, ref: AttemptRef): { task: Task; attempt: Attempt } | undefined {
  const { running } = worker;
  const same =
    running?.task.kind === ref.kind && running.task.index === ref.task && running.attempt.number === ref.attempt;
  return same ? running : undefined;
}

/**
 * Whether this attempt may make its output the task's output: yes to the first of a task that asks, as long as it lives.
 * A no is final: the attempt has lost against another one, or the job has failed, and its worker is free.
 */
export function decideCommit(state: State, worker: Worker, ref: AttemptRef, now: number): boolean {
  const found = findAttempt(worker, ref);
  if (found === undefined || hasEnded(state)) return false;
  const { task, attempt } = found;
  const taken = [...task.attempts.values()].some((other) => other !== attempt && other.state === "committing");
  if (!taken) {
    moveAttempt(task, attempt, "granted", now);
    return true;
  }
  moveTask(task, "attempt lost", `attempt ${attempt.number} on ${worker.id} came second`, now);
  cancelAttempt(state, task, attempt, now);
  return false;
}

/** The attempt has committed: its task is completed, a backup that still runs is cancelled, the job goes on. */
export function commitAttempt(state: State, worker: Worker, outcome: Done, now: number, effects: Effect[]): void {
  const { task, attempt } = release(worker);
  moveAttempt(task, attempt, "committed", now);
  moveTask(task, "committed", `attempt ${attempt.number} on ${worker.id}`, now);
  task.attempts.delete(attempt.number);
  for (const other of task.attempts.values()) {
    cancelAttempt(state, task, other, now);
    effects.push({ type: "cancel", worker: other.worker, ref: refOf(task, other) });
  }
  if (task.kind === "map") task.outputs = byPartition(outcome, state.settings.reducers);
  add(state.measures[task.kind], outcome);
  state.inProgress.delete(task);
  state.completed += 1;
  if (state.completed === state.maps.length && state.phase === "map") beginReducePhase(state, effects);
  else if (state.completed === state.reduces.length && state.phase === "reduce") endJob(state, undefined, effects);
}

/** The attempt that this worker runs is lost. Its task is tried again, unless that happened too often. */
export function loseAttempt(state: State, worker: Worker, loss: Loss, now: number, effects: Effect[]): void {
  const { task, attempt } = release(worker);
  moveAttempt(task, attempt, "lost", now);
  task.attempts.delete(attempt.number);
  task.failedOn.add(worker.id);
  const last = task.attempts.size === 0;
  moveTask(task, last ? "last attempt lost" : "attempt lost", `${loss.class} on ${worker.id}: ${loss.message}`, now);
  if (last) {
    state.inProgress.delete(task);
    state.pending.push(task);
  }
  if (hasEnded(state)) return;
  const description = `${taskName(task)}, attempt ${attempt.number} on ${worker.id}`;
  const isKnown = task.firstError?.message === loss.message;
  const message = `${description}: ${isKnown ? "the same error again" : loss.message}`;
  effects.push({ type: "log", level: "warn", message });
  if (loss.class === "crash") {
    task.crashes += 1;
    state.attempts.crashed += 1;
  } else {
    task.errors += 1;
    task.firstError ??= { message: loss.message, stack: loss.stack };
    state.attempts.failed += 1;
  }
  const failure = failureOf(state, task, loss);
  if (failure !== undefined) endJob(state, failure, effects);
}

/**
 * The job is over, by failure when one is given. Who waits or works is told at once, and everybody else when next they
 * ask for a task.
 */
export function endJob(state: State, failure: JobFailure | undefined, effects: Effect[]): void {
  const outcome = failure === undefined ? "done" : "failed";
  state.phase = outcome;
  state.failure = failure;
  for (const worker of state.workers.values()) {
    if (worker.parkedCall !== undefined) unpark(state, worker, { type: "exit", outcome }, effects);
    else if (worker.running !== undefined) effects.push({ type: "shutdown", worker: worker.id, outcome });
  }
  effects.push({ type: "jobEnded", outcome });
}

function release(worker: Worker): { task: Task; attempt: Attempt } {
  const { running } = worker;
  if (running === undefined) throw new Error(`worker ${worker.id} runs no attempt`);
  worker.running = undefined;
  return running;
}

/** Reduces begin when every map is committed: only then is all that belongs to a key known. */
export function beginReducePhase(state: State, effects: Effect[]): void {
  state.phase = "reduce";
  state.completed = 0;
  state.pending.push(...state.reduces.toReversed());
  effects.push({ type: "log", level: "info", message: `all ${state.maps.length} map tasks are done` });
}

function failureOf(state: State, task: Task, loss: Loss): JobFailure | undefined {
  const { maxAttempts, maxCrashes } = state.settings;
  if (loss.class === "fatal") return { message: `${taskName(task)}: ${loss.message}`, stack: loss.stack };
  if (task.errors >= maxAttempts && task.firstError !== undefined) {
    const { message, stack } = task.firstError;
    return { message: `${taskName(task)} failed ${times(task.errors)}, first with: ${message}`, stack };
  }
  if (task.crashes < maxCrashes) return undefined;
  return {
    message: `${taskName(task)} ended its worker's thread or process ${times(task.crashes)}, the last time: ${loss.message}`,
  };
}

function times(n: number): string {
  return n === 1 ? "once" : `${n} times`;
}

function byPartition({ outputs }: Done, reducers: number): Task["outputs"] {
  const files: Task["outputs"] = new Array<undefined>(reducers).fill(undefined);
  for (const { partition, location, bytes, checksum } of outputs) files[partition] = { location, bytes, checksum };
  return files;
}

function add(total: Measures, { recordsIn, recordsOut, bytesIn, bytesOut, counters }: Done): void {
  total.recordsIn += recordsIn;
  total.recordsOut += recordsOut;
  total.bytesIn += bytesIn;
  total.bytesOut += bytesOut;
  for (const [name, n] of counters) total.counters.set(name, (total.counters.get(name) ?? 0) + n);
}
