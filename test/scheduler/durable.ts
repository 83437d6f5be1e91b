import type { JobState } from "../../src/scheduler/job/job.js";
import type { Task } from "../../src/scheduler/job/task.js";

/** The part of a state that must outlive its coordinator. */
export function durable(state: JobState): unknown {
  const { app, args, samples, maps, combines, reduces, boundaries, completed, measures, mapsLost, skipped, settings } =
    state;
  const tasks = [...samples, ...maps, ...combines, ...reduces].map((task) => durableOf(task, settings.reducers));
  // Before the plan, the `--arg` values come from the command line.
  return { app, args: app === undefined ? undefined : args, tasks, boundaries, completed, measures, mapsLost, skipped };
}

function durableOf(
  { kind, index, splits, range, state, attemptsBegun, skip, commit }: Task,
  reducers: number,
): unknown {
  const partitions = Array.from({ length: reducers }, (_, partition) => partition);
  const committed =
    commit === undefined
      ? undefined
      : {
          attempt: commit.attempt,
          sampled: commit.sampled,
          combined: commit.combined,
          files: partitions.map((partition) => commit.files?.input(index, partition)),
          checksum: commit.checksum,
          done: commit.done,
        };
  return { kind, index, splits, range, isDone: state === "completed", attemptsBegun, skip: [...skip], committed };
}
