import { addMeasures, measuresOfAttempt } from "../model/measures.js";
import type { AttemptRef, OutputFile } from "../model/attempt.js";
import { scheduleBackup } from "./backups.js";
import { combinedFile, planCombines } from "./combine-tasks.js";
import { findBoundaries } from "./boundaries.js";
import { endIfOver } from "./ending.js";
import type { Effect } from "./events.js";
import { MapFiles } from "./map-files.js";
import {
  type Attempt,
  type DoneOutcome,
  type State,
  type Task,
  type TaskCommit,
  type Worker,
  hasEnded,
  mapsAreDone,
  refOf,
  samplesAreDone,
} from "./model.js";
import { placesOf, takeSkips } from "./skips.js";
import { splitBytes } from "./task-input.js";
import { cancelAttempt, release } from "./release.js";
import { moveAttempt, moveTask } from "./transitions.js";

/** Returns the attempt if this worker runs it; undefined if it was revoked or never existed. */
export function findAttempt(worker: Worker, ref: AttemptRef): { task: Task; attempt: Attempt } | undefined {
  const { running } = worker;
  const same =
    running?.task.kind === ref.kind && running.task.index === ref.task && running.attempt.number === ref.attempt;
  return same ? running : undefined;
}

/**
 * Decides whether this attempt may make its output the task's output: yes for the task's first attempt to ask, as long
 * as it lives. A no is final: another attempt won, or the job has ended, and the worker is free.
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

/** Records a commit: completes the task, cancels a running backup, and advances the job. */
export function commitAttempt(
  state: State,
  worker: Worker,
  outcome: DoneOutcome,
  now: number,
  effects: Effect[],
): void {
  const { task, attempt } = release(worker);
  moveAttempt(task, attempt, "committed", now);
  moveTask(task, "committed", `attempt ${attempt.number} on ${worker.id}`, now);
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
  worker.committed += 1;
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
  endIfOver(state, effects);
}

/** Adds the contribution of a completed task to the job. */
export function complete(state: State, task: Task, commit: TaskCommit): void {
  task.commit = commit;
  commit.files?.addTo(state.partitionBytes, 1);
  state.completed[task.kind] += 1;
  if (isMeasured(task)) addMeasures(state.measures[task.kind], commit.done, 1);
  if (task.kind === "sample" && samplesAreDone(state)) state.boundaries = findBoundaries(state);
  if (task.kind === "combine") assignReduceNext(state, task);
}

/** Removes the contribution of a task from the job. */
export function undoCompletion(state: State, task: Task): void {
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
function assignReduceNext({ pending, ...state }: State, { range }: Task): void {
  const reduce = range && state.reduces[range.partition];
  if (reduce === undefined || !pending.reduce.includes(reduce)) return;
  pending.reduce.splice(pending.reduce.indexOf(reduce), 1);
  pending.reduce.push(reduce);
}

/** Runs when every map is committed; again if a map's files were lost and it has rerun. */
export function beginReducePhase(state: State, effects: Effect[]): void {
  if (state.phase === "map") {
    effects.push({ type: "log", level: "info", message: "all map tasks are done" });
  }
  state.phase = "reduce";
  planCombines(state, effects);
}

export function filesOf(
  { settings }: State,
  task: Task,
  attempt: number,
  outputs: readonly OutputFile[],
): MapFiles | undefined {
  return task.kind === "map" ? new MapFiles(attempt, settings.reducers, outputs) : undefined;
}

/** Counts a win of a backup attempt. The time it saved is known only if the loser reported its progress. */
function noteVictory(state: State, task: Task, now: number): void {
  state.attempts.backupWon += 1;
  const allBytes = splitBytes(task);
  for (const { bytes, startedAtMs } of task.attempts.values()) {
    if (bytes > 0 && bytes < allBytes) {
      state.attempts.backupSavedMs += Math.round(((now - startedAtMs) * (allBytes - bytes)) / bytes);
    }
  }
}
