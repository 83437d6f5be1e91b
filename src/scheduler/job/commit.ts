import { addMeasures, measuresOfAttempt } from "../../model/measures.js";
import type { JobAttemptRef, OutputFile } from "../../model/attempt.js";
import { cancelAttempt, findAttempt, release } from "./attempts.js";
import { scheduleBackup } from "./backups.js";
import { findBoundaries } from "./boundaries.js";
import { combinedFile } from "./combine-tasks.js";
import type { JobEffect } from "./effects.js";
import { type JobState, type Slot, hasEnded, mapsAreDone, samplesAreDone } from "./job.js";
import { MapFiles } from "./map-files.js";
import { beginReducePhase, endIfOver } from "./phases.js";
import { placesOf, takeSkips } from "./skips.js";
import { type DoneOutcome, type Task, type TaskCommit, refOf, splitBytes } from "./task.js";
import { moveAttempt, moveTask } from "./transitions.js";

/**
 * Decides whether this attempt may make its output the task's output: yes for the task's first attempt to ask, as long
 * as it lives. A no is final: another attempt won, or the job has ended, and the worker is free.
 */
export function decideCommit(slot: Slot, ref: JobAttemptRef, now: number): boolean {
  const found = findAttempt(slot, ref);
  if (found === undefined || hasEnded(found.job)) return false;
  const { job, task, attempt } = found;
  const taken = [...task.attempts.values()].some((other) => other !== attempt && other.state === "committing");
  if (!taken) {
    moveAttempt(task, attempt, "granted", now);
    return true;
  }
  moveTask(task, "attempt lost", `attempt ${attempt.number} on ${slot.id} came second`, now);
  cancelAttempt(job, task, attempt, now);
  return false;
}

/** Records a commit: completes the task, cancels a running backup, and advances the job. */
export function commitAttempt(
  state: JobState,
  slot: Slot,
  outcome: DoneOutcome,
  now: number,
  effects: JobEffect[],
): void {
  const { task, attempt } = release(slot);
  moveAttempt(task, attempt, "committed", now);
  moveTask(task, "committed", `attempt ${attempt.number} on ${slot.id}`, now);
  task.attempts.delete(attempt.number);
  // A job has many tasks, and an error may be long.
  delete task.firstError;
  const ref = refOf(task, attempt);
  const {
    outputs,
    skipped,
    newlySkipped,
    sideFiles,
    namedOutputs,
    checksum,
    textKeyEnd,
    warnings = [],
    argUse,
  } = outcome;
  const done = measuresOfAttempt(outcome);
  const sampled = task.kind === "sample" ? { sampled: outcome.sampled ?? [] } : {};
  const optional = {
    ...(namedOutputs === undefined ? {} : { namedOutputs }),
    ...(newlySkipped && { newlySkipped }),
    ...(checksum === undefined ? {} : { checksum }),
    ...(textKeyEnd === undefined ? {} : { textKeyEnd }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(argUse && { argUse }),
  };
  const made = { outputs, skipped, ...sampled, sideFiles, ...optional };
  effects.push({ type: "journal", record: { type: "committed", ref, ...made, ...done } });
  takeSkips(state, task, newlySkipped, effects);
  state.argUse.add(argUse);
  for (const message of state.warnings.add(warnings)) effects.push({ type: "log", level: "warnOfData", message });
  state.timeline.addCommitted(task, attempt, done, now);
  slot.committed += 1;
  if (attempt.isBackup) noteVictory(state, task, now);
  for (const other of task.attempts.values()) {
    cancelAttempt(state, task, other, now);
    effects.push({ type: "cancel", worker: other.worker, ref: refOf(task, other) });
  }
  state.inProgress.delete(task);
  scheduleBackup(state, task);
  const files = filesOf(state, task, ref.attempt, outputs);
  const combined = combinedFile(state, task, ref.attempt, outputs);
  const places = placesOf(skipped, newlySkipped);
  const ofOutput = { namedOutputs, checksum, textKeyEnd };
  const contribution = { files, combined, skipped: places, ...sampled, sideFiles, ...ofOutput, done };
  complete(state, task, { attempt: ref.attempt, ...contribution });
  // A commit after the end of the job only matters to a resume; it starts nothing.
  if (task.kind === "map" && mapsAreDone(state) && !hasEnded(state)) beginReducePhase(state, effects);
  endIfOver(state);
}

/** Adds the contribution of a completed task to the job. */
export function complete(state: JobState, task: Task, commit: TaskCommit): void {
  task.commit = commit;
  commit.files?.addTo(state.partitionBytes, 1);
  state.completed[task.kind] += 1;
  if (isMeasured(task)) addMeasures(state.measures[task.kind], commit.done, 1);
  if (task.kind === "sample" && samplesAreDone(state)) state.boundaries = findBoundaries(state);
  if (task.kind === "combine") assignReduceNext(state, task);
}

/** Removes the contribution of a task from the job. */
export function undoCompletion(state: JobState, task: Task): void {
  if (task.commit !== undefined && isMeasured(task)) addMeasures(state.measures[task.kind], task.commit.done, -1);
  task.commit?.files?.addTo(state.partitionBytes, -1);
  task.commit = undefined;
  state.completed[task.kind] -= 1;
}

/** Whether the measures of a task are part of the job's: those of sample and combine tasks are not. */
function isMeasured(task: Task): task is Task & { readonly kind: "map" | "reduce" } {
  return task.kind === "map" || task.kind === "reduce";
}

/** The reduce task that waited for this combine task is the longest of all: once it need not wait, it is the next. */
function assignReduceNext({ pending, ...state }: JobState, { range }: Task): void {
  const reduce = range && state.reduces[range.partition];
  if (reduce === undefined || !pending.reduce.includes(reduce)) return;
  pending.reduce.splice(pending.reduce.indexOf(reduce), 1);
  pending.reduce.push(reduce);
}

export function filesOf(
  { settings }: JobState,
  task: Task,
  attempt: number,
  outputs: readonly OutputFile[],
): MapFiles | undefined {
  return task.kind === "map" ? new MapFiles(attempt, settings.reducers, outputs) : undefined;
}

/** Counts a win of a backup attempt. The time it saved is known only if the loser reported its progress. */
function noteVictory(state: JobState, task: Task, now: number): void {
  state.attempts.backupWon += 1;
  const allBytes = splitBytes(task);
  for (const { bytes, startedAtMs } of task.attempts.values()) {
    if (bytes > 0 && bytes < allBytes) {
      state.attempts.backupSavedMs += Math.round(((now - startedAtMs) * (allBytes - bytes)) / bytes);
    }
  }
}
