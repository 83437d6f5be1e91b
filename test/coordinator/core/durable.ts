import type { State, Task } from "../../../src/coordinator/core/model.js";

/** The part of a state that must outlive its coordinator. */
export function durable(state: State): unknown {
  const { app, args, samples, maps, reduces, boundaries, completed, measures, mapsLost, skipped, settings } = state;
  const tasks = [...samples, ...maps, ...reduces].map((task) => durableOf(task, settings.reducers));
  // Before the plan, the `--arg` values come from the command line.
  return { app, args: app === undefined ? undefined : args, tasks, boundaries, completed, measures, mapsLost, skipped };
}

function durableOf({ kind, index, splits, state, attemptsBegun, skip, commit }: Task, reducers: number): unknown {
  const partitions = Array.from({ length: reducers }, (_, partition) => partition);
  const committed =
    commit === undefined
      ? undefined
      : {
          attempt: commit.attempt,
          sampled: commit.sampled,
          files: partitions.map((partition) => commit.files?.input(index, partition)),
          checksum: commit.checksum,
          done: commit.done,
        };
  return { kind, index, splits, isDone: state === "completed", attemptsBegun, skip: [...skip], committed };
}
