/** When a slow task gets a backup attempt (paper section 3.6). */
import type { Attempt, State, Task } from "./model.js";
import { mapsAreDone } from "./model.js";

/** Records when a task is due for a backup attempt. Call it whenever the attempts of the task change. */
export function scheduleBackup({ backups, settings }: State, task: Task): void {
  const latest = [...task.attempts.values()].at(-1);
  if (latest === undefined) backups.delete(task);
  else backups.set(task, latest.startedAtMs + settings.taskTimeoutMs * 2 ** task.backupsBegun);
}

/**
 * Returns the task that has been due for a backup attempt for longest; undefined when none is due. A task is due when
 * its last attempt began a task timeout ago. The wait doubles with each backup, so that some attempt eventually gets
 * the time that the task takes on any worker. A task gets no backup while one of its attempts may already commit, and a
 * reduce task gets none while an input is missing.
 */
export function dueForBackup(state: State, now: number): Task | undefined {
  if (!state.settings.backupTasks) return undefined;
  const isRunning = (attempt: Attempt) => attempt.state === "running";
  return state.backups.first(now, (task) => {
    if (task.kind === "reduce" && !mapsAreDone(state)) return false;
    return [...task.attempts.values()].every(isRunning);
  });
}
