/** The phases of a job: waiting for its plan, map, reduce, and the end. */
import type { JobOutcome } from "../../model/job.js";
import { planCombines } from "./combine-tasks.js";
import type { JobEffect, JobPlan } from "./effects.js";
import { type JobFailure, type JobState, hasEnded, mapsAreDone } from "./job.js";
import { type Task, createTask, splitBytes } from "./task.js";

/** Takes up the plan of a job, and makes its tasks available. */
export function planJob(state: JobState, plan: JobPlan, effects: JobEffect[]): void {
  if (state.phase !== "waiting") throw new Error(`cannot plan a job that is in phase ${state.phase}`);
  planTasks(state, plan);
  effects.push({ type: "journal", record: { type: "planned", ...plan } });
  beginMapPhase(state, effects);
}

/**
 * Creates map tasks from splits, reduce tasks from partitions, and sample tasks from the places to sample. Assigns none
 * yet.
 */
export function planTasks(state: JobState, { app, args, splits, sample = [] }: JobPlan): void {
  state.app = app;
  state.args = args;
  state.samples = sample.map((places, index) => createTask({ kind: "sample", index, places }));
  state.maps = splits.map((ofTask, index) => createTask({ kind: "map", index, splits: ofTask }));
  state.reduces = Array.from({ length: state.settings.reducers }, (_, index) => createTask({ kind: "reduce", index }));
}

/**
 * Makes all tasks that are not completed available to workers, the largest splits first, so that no long one comes
 * last.
 */
export function beginMapPhase(state: JobState, effects: JobEffect[]): void {
  const isIdle = ({ state }: Task) => state === "idle";
  const smallestFirst = state.maps.filter(isIdle).sort((a, b) => splitBytes(a) - splitBytes(b) || b.index - a.index);
  for (const task of state.samples.filter(isIdle).reverse()) state.pending.sample.push(task);
  for (const task of smallestFirst) state.pending.map.push(task);
  for (const task of state.combines.filter(isIdle).reverse()) state.pending.combine.push(task);
  for (const task of state.reduces.filter(isIdle).reverse()) state.pending.reduce.push(task);
  state.phase = "map";
  if (mapsAreDone(state)) beginReducePhase(state, effects);
}

/** Runs when every map is committed; again if a map's files were lost and it has rerun. */
export function beginReducePhase(state: JobState, effects: JobEffect[]): void {
  if (state.phase === "map") {
    effects.push({ type: "log", level: "info", message: "all map tasks are done" });
  }
  state.phase = "reduce";
  planCombines(state, effects);
}

/** Ends the job: done, or with a failure. The cluster tells its workers. */
function endJob(state: JobState, outcome: JobOutcome, failure: JobFailure | undefined): void {
  state.phase = outcome;
  state.failure = failure;
}

/** Stops a draining job whose tasks took too long, keeping all completed work; aborts any other. */
export function abortJob(state: JobState, message: string): void {
  failJob(state, { message, isAbort: true });
}

/** Ends the job with a failure. A job that is being stopped will be resumed: it may fail then. */
export function failJob(state: JobState, failure: JobFailure): void {
  if (state.draining) endJob(state, "stopped", undefined);
  else endJob(state, "failed", failure);
}

/** Ends the job if no work is left: every task is completed, or the job drains and no attempt runs. */
export function endIfOver(state: JobState): void {
  if (hasEnded(state)) return;
  const { completed, maps, reduces } = state;
  const isComplete = completed.map === maps.length && completed.reduce === reduces.length;
  if (state.phase !== "waiting" && isComplete && !state.awaitsChangedApp) {
    endJob(state, "done", undefined);
  } else if (state.draining && state.inProgress.size === 0) {
    endJob(state, "stopped", undefined);
  }
}
