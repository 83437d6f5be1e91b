import { beginReducePhase } from "./commit.js";
import { createTask } from "./create.js";
import type { Effect, JobPlan } from "./events.js";
import type { State, Task } from "./model.js";
import { mapsAreDone } from "./model.js";
import { splitBytes } from "./task-input.js";

/**
 * Creates map tasks from splits, reduce tasks from partitions, and sample tasks from the places to sample. Assigns none
 * yet.
 */
export function planTasks(state: State, { app, args, splits, sample = [] }: JobPlan): void {
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
export function beginMapPhase(state: State, effects: Effect[]): void {
  const isIdle = ({ state }: Task) => state === "idle";
  const smallestFirst = state.maps.filter(isIdle).sort((a, b) => splitBytes(a) - splitBytes(b) || b.index - a.index);
  for (const task of state.samples.filter(isIdle).reverse()) state.pending.sample.push(task);
  for (const task of smallestFirst) state.pending.map.push(task);
  for (const task of state.combines.filter(isIdle).reverse()) state.pending.combine.push(task);
  for (const task of state.reduces.filter(isIdle).reverse()) state.pending.reduce.push(task);
  state.phase = "map";
  if (mapsAreDone(state)) beginReducePhase(state, effects);
}
