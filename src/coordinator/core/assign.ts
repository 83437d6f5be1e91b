import type { Assignment } from "../../rpc/protocol.js";
import type { Attempt, Effect, State, Task, Worker } from "./model.js";
import { refOf } from "./model.js";
import { moveTask } from "./transitions.js";

/** What an idle worker is to do now: a task that has not begun, a backup of a slow one, wait, or leave. */
export function assignTo(state: State, worker: Worker, now: number): Assignment {
  if (state.phase === "done" || state.phase === "failed") return { type: "exit", outcome: state.phase };
  const pending = takePending(state, worker);
  if (pending !== undefined) {
    moveTask(pending, "assigned", `to ${worker.id}`, now);
    state.inProgress.add(pending);
    return begin(state, pending, worker, now);
  }
  const slow = oldestSlowTask(state, worker, now);
  if (slow !== undefined) {
    moveTask(slow, "backed up", `by ${worker.id}`, now);
    slow.backupsBegun += 1;
    state.attempts.backup += 1;
    return begin(state, slow, worker, now);
  }
  return { type: "wait" };
}

/** Answers the `RequestTask` calls that wait, longest first, as far as there is something to answer. */
export function assignToParked(state: State, now: number, effects: Effect[]): void {
  for (const worker of [...state.parked]) {
    if (worker.state === "silent") continue;
    const assignment = assignTo(state, worker, now);
    if (assignment.type === "wait") continue;
    unpark(state, worker, assignment, effects);
  }
}

/** Answers the `RequestTask` of this worker that waits, if there is one. */
export function unpark(state: State, worker: Worker, assignment: Assignment, effects: Effect[]): void {
  if (worker.parkedCall !== undefined) effects.push({ type: "reply", call: worker.parkedCall, result: assignment });
  worker.parkedCall = undefined;
  state.parked.delete(worker);
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
 * a task timeout ago or more; the wait doubles with each backup, so that a task that is long everywhere is not run over
 * and over. Never more than two attempts at once, and none beside one that may already commit.
 */
function oldestSlowTask(state: State, worker: Worker, now: number): Task | undefined {
  let oldest: Attempt | undefined;
  let found: Task | undefined;
  for (const task of state.inProgress) {
    const [attempt] = task.attempts.values();
    if (attempt === undefined || task.attempts.size > 1) continue;
    if (attempt.state !== "running" || attempt.worker === worker.id) continue;
    const dueMs = attempt.startedAtMs + state.settings.taskTimeoutMs * 2 ** task.backupsBegun;
    if (now < dueMs || (oldest !== undefined && oldest.startedAtMs <= attempt.startedAtMs)) continue;
    oldest = attempt;
    found = task;
  }
  return found;
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
