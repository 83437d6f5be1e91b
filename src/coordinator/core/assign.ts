import type { Assignment } from "../../rpc/protocol.js";
import type { Attempt, Effect, State, Task, Worker } from "./model.js";
import { refOf, taskName } from "./model.js";
import { cancelAttempt, unpark } from "./release.js";
import { moveTask } from "./transitions.js";

/** What an idle worker is to do now: a task that has not begun, a backup of a slow one, wait, or leave. */
export function assignTo(state: State, worker: Worker, now: number, effects: Effect[]): Assignment {
  if (state.phase === "done" || state.phase === "failed") return { type: "exit", outcome: state.phase };
  const pending = takePending(state, worker);
  if (pending !== undefined) {
    moveTask(pending, "assigned", `to ${worker.id}`, now);
    state.inProgress.add(pending);
    return begin(state, pending, worker, now);
  }
  const slow = oldestSlowTask(state, now);
  if (slow !== undefined) {
    const [oldest, ...others] = slow.attempts.values();
    if (oldest !== undefined && others.length > 0) revoke(state, slow, oldest, now, effects);
    moveTask(slow, "backed up", `by ${worker.id}`, now);
    slow.backupsBegun += 1;
    state.attempts.backup += 1;
    const message = `${taskName(slow)} is slow: ${worker.id} begins a backup attempt`;
    effects.push({ type: "log", level: "warn", message });
    return begin(state, slow, worker, now);
  }
  return { type: "wait" };
}

/** Answers the `RequestTask` calls that wait, longest first, as far as there is something to answer. */
export function assignToParked(state: State, now: number, effects: Effect[]): void {
  for (const worker of [...state.parked]) {
    if (worker.state === "silent") continue;
    const assignment = assignTo(state, worker, now, effects);
    if (assignment.type === "wait") continue;
    unpark(state, worker, assignment, effects);
  }
}

/**
 * Takes the next pending task. One that failed on this worker is left for the others, unless there is nothing else to do
 * or it failed on all of them: then it must not be put off, since the job is likely to fail with it.
 */
function takePending({ pending, workers }: State, worker: Worker): Task | undefined {
  const suits = ({ failedOn }: Task) => {
    return !failedOn.has(worker.id) || [...workers.keys()].every((id) => failedOn.has(id));
  };
  const index = pending.findLastIndex(suits);
  return index === -1 ? pending.pop() : pending.splice(index, 1)[0];
}

/**
 * The task that has run longest among those slow enough for a backup attempt (paper section 3.6). Its last attempt began
 * a task timeout ago or more; the wait doubles with each backup, so that one of them gets the time that the task takes
 * everywhere. No backup beside an attempt that may already commit.
 */
function oldestSlowTask(state: State, now: number): Task | undefined {
  let found: Task | undefined;
  let foundStartedAtMs = Infinity;
  for (const task of state.inProgress) {
    const attempts = [...task.attempts.values()];
    const [oldest, latest] = [attempts[0], attempts.at(-1)];
    if (oldest === undefined || latest === undefined || oldest.startedAtMs >= foundStartedAtMs) continue;
    if (now < latest.startedAtMs + state.settings.taskTimeoutMs * 2 ** task.backupsBegun) continue;
    if (attempts.some((attempt) => attempt.state !== "running")) continue;
    found = task;
    foundStartedAtMs = oldest.startedAtMs;
  }
  return found;
}

/** Two attempts of a task at once are enough: for a third, the one that had the most time without success gives way. */
function revoke(state: State, task: Task, attempt: Attempt, now: number, effects: Effect[]): void {
  const message = `${taskName(task)}: two attempts are slow; attempt ${attempt.number} gives way to another one`;
  effects.push({ type: "log", level: "warn", message });
  moveTask(task, "attempt lost", `attempt ${attempt.number} gives way`, now);
  cancelAttempt(state, task, attempt, now);
  effects.push({ type: "cancel", worker: attempt.worker, ref: refOf(task, attempt) });
}

function begin(state: State, task: Task, worker: Worker, now: number): Assignment {
  task.attemptsBegun += 1;
  const attempt: Attempt = {
    number: task.attemptsBegun,
    worker: worker.id,
    startedAtMs: now,
    state: "running",
    records: 0,
    bytes: 0,
  };
  task.attempts.set(attempt.number, attempt);
  worker.running = { task, attempt };
  const ref = refOf(task, attempt);
  if (task.split !== undefined) return { type: "map", ref, split: task.split };
  const inputs = state.maps.map((map) => map.outputs[task.index]).filter((file) => file !== undefined);
  return { type: "reduce", ref, inputs };
}
