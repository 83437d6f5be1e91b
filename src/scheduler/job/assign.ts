/** Which task of a job a worker runs next. */
import type { Assignment } from "../../model/assignment.js";
import { cancelAttempt, startAttempt } from "./attempts.js";
import { dueForBackup } from "./backups.js";
import { awaitsCombines } from "./combine-tasks.js";
import type { JobEffect } from "./effects.js";
import { type JobState, type Slot, mapsAreDone, samplesAreDone } from "./job.js";
import { type Attempt, type Task, isDue, refOf, taskName } from "./task.js";
import { moveTask } from "./transitions.js";

/** Assigns the next pending task to an idle worker; undefined if the job has none for it. */
export function assignTask(state: JobState, slot: Slot, now: number, effects: JobEffect[]): Assignment | undefined {
  if (!assignsTasks(state)) return undefined;
  const pending = takePending(state, slot, now);
  if (pending === undefined) return undefined;
  moveTask(pending, "assigned", `to ${slot.id}`, now);
  state.inProgress.add(pending);
  return begin(state, pending, slot, false, now, effects);
}

/** Assigns a backup attempt of a slow task to a worker that has nothing else to do; undefined if no task is slow. */
export function assignBackup(state: JobState, slot: Slot, now: number, effects: JobEffect[]): Assignment | undefined {
  if (!assignsTasks(state)) return undefined;
  const slow = dueForBackup(state, now);
  if (slow === undefined) return undefined;
  const [oldest, ...others] = slow.attempts.values();
  if (oldest !== undefined && others.length > 0) giveWay(state, slow, oldest, now, effects);
  moveTask(slow, "backed up", `by ${slot.id}`, now);
  slow.backupsBegun += 1;
  state.attempts.backup += 1;
  const message = `${taskName(slow)} is slow: ${slot.id} begins a backup attempt`;
  effects.push({ type: "log", level: "warn", message });
  return begin(state, slow, slot, true, now, effects);
}

/** Whether attempts may begin. */
function assignsTasks(state: JobState): boolean {
  return (state.phase === "map" || state.phase === "reduce") && !state.draining;
}

/**
 * Which kinds of task are assigned now, the first ones preferred: samples, then maps (including maps that must run again),
 * then combines and reduces.
 */
function readyKinds(state: JobState): readonly Task["kind"][] {
  if (!samplesAreDone(state)) return ["sample"];
  return state.pending.map.length > 0 || !mapsAreDone(state) ? ["map"] : ["combine", "reduce"];
}

/** Whether any task may be assigned now. */
export function hasReadyTask(state: JobState, now: number): boolean {
  if (!assignsTasks(state)) return false;
  return readyKinds(state).some((kind) => state.pending[kind].some((task) => mayBegin(state, task, now)));
}

function mayBegin(state: JobState, task: Task, now: number): boolean {
  return isDue(task, now) && !awaitsCombines(state, task);
}

/**
 * Takes the next pending task. A task that failed on this worker is left to others, unless nothing else is pending or
 * it failed on all workers: then it must not be deferred, because it is likely to fail the job. A task whose attempt
 * could not read or write a file is assigned to no worker until its delay has passed.
 */
function takePending(state: JobState, slot: Slot, now: number): Task | undefined {
  const { pending, slots } = state;
  const mayTake = (task: Task) => mayBegin(state, task, now);
  const suits = (task: Task) => {
    const { failedOn } = task;
    return mayTake(task) && (!failedOn.has(slot.id) || [...slots.keys()].every((id) => failedOn.has(id)));
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
function giveWay(state: JobState, task: Task, attempt: Attempt, now: number, effects: JobEffect[]): void {
  const message = `${taskName(task)}: two attempts are slow; replacing attempt ${attempt.number}`;
  effects.push({ type: "log", level: "warn", message });
  moveTask(task, "attempt lost", `attempt ${attempt.number} gives way`, now);
  cancelAttempt(state, task, attempt, now);
  effects.push({ type: "cancel", worker: attempt.worker, ref: refOf(task, attempt) });
}

function begin(
  state: JobState,
  task: Task,
  slot: Slot,
  isBackup: boolean,
  now: number,
  effects: JobEffect[],
): Assignment {
  task.attemptsBegun += 1;
  const skip = [...task.skip];
  startAttempt(state, task, slot, { number: task.attemptsBegun, isBackup, skip }, now);
  const ref = { kind: task.kind, task: task.index, attempt: task.attemptsBegun };
  effects.push({ type: "journal", record: { type: "began", ref, worker: slot.id } });
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
