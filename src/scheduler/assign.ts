import type { Assignment } from "../model/assignment.js";
import { awaitsCombines } from "./combine-tasks.js";
import { dueForBackup, scheduleBackup } from "./backups.js";
import type { Effect } from "./events.js";
import {
  type Attempt,
  type State,
  type Task,
  type Worker,
  hasEnded,
  isDue,
  mapsAreDone,
  outcomeOf,
  refOf,
  samplesAreDone,
  taskName,
} from "./model.js";
import { cancelAttempt, unpark } from "./release.js";
import { moveTask } from "./transitions.js";

/** Decides what an idle worker does next: run a new task or a backup of a slow one, wait, or leave. */
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

/** Answers waiting `RequestTask` calls, oldest first, as far as there is work. */
export function assignToParked(state: State, now: number, effects: Effect[]): void {
  for (const worker of [...state.parked]) {
    if (worker.state === "silent") continue;
    const assignment = assignTo(state, worker, now, effects);
    if (assignment.type === "wait") continue;
    unpark(state, worker, assignment, effects);
  }
}

/**
 * Which kinds of task are assigned now, the first ones preferred: samples, then maps (including maps that must run again),
 * then combines and reduces.
 */
function readyKinds(state: State): readonly Task["kind"][] {
  if (!samplesAreDone(state)) return ["sample"];
  return state.pending.map.length > 0 || !mapsAreDone(state) ? ["map"] : ["combine", "reduce"];
}

/** Whether any task may be assigned now. */
export function hasReadyTask(state: State, now: number): boolean {
  return readyKinds(state).some((kind) => state.pending[kind].some((task) => mayBegin(state, task, now)));
}

function mayBegin(state: State, task: Task, now: number): boolean {
  return isDue(task, now) && !awaitsCombines(state, task);
}

/**
 * Takes the next pending task. A task that failed on this worker is left to others, unless nothing else is pending or
 * it failed on all workers: then it must not be deferred, because it is likely to fail the job. A task whose attempt
 * could not read or write a file is assigned to no worker until its delay has passed.
 */
function takePending(state: State, worker: Worker, now: number): Task | undefined {
  const { pending, workers } = state;
  const mayTake = (task: Task) => mayBegin(state, task, now);
  const suits = (task: Task) => {
    const { failedOn } = task;
    return mayTake(task) && (!failedOn.has(worker.id) || [...workers.keys()].every((id) => failedOn.has(id)));
  };
  const kinds = readyKinds(state);
  for (const accepts of [suits, mayTake]) {
    for (const kind of kinds) {
      const index = pending[kind].findLastIndex(accepts);
      if (index !== -1) return pending[kind].splice(index, 1)[0];
    }
  }
  return undefined;
}

/** A task may have two attempts at once. A third replaces the oldest, which had the most time without success. */
function giveWay(state: State, task: Task, attempt: Attempt, now: number, effects: Effect[]): void {
  const message = `${taskName(task)}: two attempts are slow; replacing attempt ${attempt.number}`;
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
  if (task.range !== undefined) {
    return { type: "combine", ref, partition: task.range.partition, file: state.maps.length + task.index };
  }
  if (task.splits === undefined) return { type: "reduce", ref };
  // To find the record that ended an attempt is expensive: the worker writes a marker for each, and maps one at a time.
  const marksRecords = state.settings.badRecordsMax > 0 && (task.crashes > 0 || task.endedAtSeveral);
  const { badRecordsMax } = state.settings;
  // Other attempts may skip records at the same time, so the limit is checked again when the attempt commits.
  const limit = badRecordsMax === 0 ? {} : { skipsMax: Math.max(0, badRecordsMax - state.skipped.length) };
  return { type: "map", ref, splits: [...task.splits], skip, ...limit, marksRecords };
}

/** Registers an attempt that this worker now runs. */
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
    progressAtMs: now,
    memoryBytesBefore: worker.memoryBytes,
  };
  task.attempts.set(number, attempt);
  worker.running = { task, attempt };
  scheduleBackup(state, task);
}
