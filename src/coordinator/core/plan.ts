import { beginReducePhase } from "./commit.js";
import { createTask } from "./create.js";
import type { Effect, JobPlan } from "./events.js";
import type { State, Task } from "./model.js";
import { mapsAreDone, splitBytes } from "./model.js";

/** The splits become map tasks, the partitions reduce tasks, what is to be sampled first sample tasks. None is handed out yet. */
export function planTasks(state: State, { app, args, splits, sample = [] }: JobPlan): void {
  state.app = app;
  state.args = args;
  state.samples = sample.map((places, index) => createTask({ kind: "sample", index, places }));
  state.maps = splits.map((split, index) => createTask({ kind: "map", index, split }));
  state.reduces = Array.from({ length: state.settings.reducers }, (_, index) => createTask({ kind: "reduce", index }));
}

/** From here on tasks are handed out: those that are not completed, the largest splits first, so that no long one is left for the end. */
export function beginMapPhase(state: State, effects: Effect[]): void {
  const isIdle = ({ state }: Task) => state === "idle";
  const smallestFirst = state.maps.filter(isIdle).sort((a, b) => splitBytes(a) - splitBytes(b) || b.index - a.index);
  for (const task of state.samples.filter(isIdle).reverse()) state.pending.sample.push(task);
  for (const task of smallestFirst) state.pending.map.push(task);
  for (const task of state.reduces.filter(isIdle).reverse()) state.pending.reduce.push(task);
  state.phase = "map";
  if (mapsAreDone(state)) beginReducePhase(state, effects);
}
