import type { Assignment } from "../../rpc/protocol.js";
import { dueForBackup, scheduleBackup } from "./backups.js";
import type { Effect } from "./events.js";
import type { Attempt, State, Task, Worker } from "./model.js";
import { hasEnded, isDue, mapsAreDone, outcomeOf, refOf, samplesAreDone, taskName } from "./model.js";
import { cancelAttempt, unpark } from "./release.js";
import { moveTask } from "./transitions.js";

/** What an idle worker is to do now: a task that has not begun, a backup of a slow one, wait, or leave. */
export function assignTo(state: State, worker: Worker, now: number, effects: Effect[]): Assignment {
  if (hasEnded(state)) return { type: "exit", outcome: outcomeOf(state) };
  if (state.draining || state.phase === "waiting") return { type: "wait" };
  const pending = takePending(state, worker, now);
  if (pending !== undefined) {
    moveTask(pending, "assigned", `to ${worker.id}`, now);
    state.inProgress.add(pending);
    return begin(state, pending, worker, false, now, effects);
  }
  const slow = dueForBackup(state, now);
  if (slow !== undefined) {
    const [oldest, ...others] = slow.attempts.values();
    if (oldest !== undefined && others.length > 0) giveWay(state, slow, oldest, now, effects);
    moveTask(slow, "backed up", `by ${worker.id}`, now);
    slow.backupsBegun += 1;
    state.attempts.backup += 1;
    const message = `${taskName(slow)} is slow: ${worker.id} begins a backup attempt`;
    effects.push({ type: "log", level: "warn", message });
    return begin(state, slow, worker, true, now, effects);
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

/** Which tasks are handed out now: the samples, then maps, also those that have to run again, and at last reduces. */
export function readyKind(state: State): Task["kind"] {
  if (!samplesAreDone(state)) return "sample";
  return state.pending.map.length > 0 || !mapsAreDone(state) ? "map" : "reduce";
}

/**
 * Takes the next pending task. One that failed on this worker is left for the others, unless there is nothing else to do or
 * it failed on all of them: then it must not be put off, since the job is likely to fail with it. One whose attempt could
 * not read or write a file is for nobody as long as it waits for that.
 */
function takePending(state: State, worker: Worker, now: number): Task | undefined {
  const { pending, workers } = state;
  const ready = pending[readyKind(state)];
  const mayBegin = (task: Task) => isDue(task, now);
  const suits = (task: Task) => {
    const { failedOn } = task;
    return mayBegin(task) && (!failedOn.has(worker.id) || [...workers.keys()].every((id) => failedOn.has(id)));
  };
  const best = ready.findLastIndex(suits);
  const index = best === -1 ? ready.findLastIndex(mayBegin) : best;
  return index === -1 ? undefined : ready.splice(index, 1)[0];
}

/** Two attempts of a task at once are enough: for a third, the one that had the most time without success gives way. */
function giveWay(state: State, task: Task, attempt: Attempt, now: number, effects: Effect[]): void {
  const message = `${taskName(task)}: two attempts are slow; attempt ${attempt.number} gives way to another one`;
  effects.push({ type: "log", level: "warn", message });
  moveTask(task, "attempt lost", `attempt ${attempt.number} gives way`, now);
  cancelAttempt(state, task, attempt, now);
  effects.push({ type: "cancel", worker: attempt.worker, ref: refOf(task, attempt) });
}

function begin(
  state: State,
  task: Task,
  worker: Worker,
  isBackup: boolean,
  now: number,
  effects: Effect[],
): Assignment {
  task.attemptsBegun += 1;
  const skip = [...task.skip];
  startAttempt(state, task, worker, { number: task.attemptsBegun, isBackup, skip }, now);
  const ref = { kind: task.kind, task: task.index, attempt: task.attemptsBegun };
  effects.push({ type: "journal", record: { type: "began", ref, worker: worker.id } });
  if (task.places !== undefined) return { type: "sample", ref, places: [...task.places] };
  if (task.split === undefined) return { type: "reduce", ref };
  // What ended a process is known only by what it left on the disk, and writing that has its price.
  const marksRecords = state.settings.badRecordsMax > 0 && task.crashes > 0;
  return { type: "map", ref, split: task.split, skip, marksRecords };
}

/** Enters an attempt that this worker runs from now on. */
export function startAttempt(
  state: State,
  task: Task,
  worker: Worker,
  { number, isBackup, skip }: Pick<Attempt, "number" | "isBackup" | "skip">,
  now: number,
): void {
  const attempt: Attempt = {
    number,
    worker: worker.id,
    startedAtMs: now,
    isBackup,
    mapsLostBefore: state.mapsLost,
    skip,
    state: "running",
    records: 0,
    bytes: 0,
  };
  task.attempts.set(number, attempt);
  worker.running = { task, attempt };
  scheduleBackup(state, task);
}
