/** When a slow task gets a backup attempt (paper section 3.6). */
import type { Attempt, State, Task } from "./model.js";
import { mapsAreDone } from "./model.js";

/** To be called whenever the attempts of a task have changed: notes when it is due for a backup attempt. */
export function scheduleBackup({ backups, settings }: State, task: Task): void {
  const latest = [...task.attempts.values()].at(-1);
  if (latest === undefined) backups.delete(task);
  else backups.set(task, latest.startedAtMs + settings.taskTimeoutMs * 2 ** task.backupsBegun);
}

/**
 * The task that has been due for a backup attempt for longest; undefined when there is none. Due is one whose last attempt
 * began a task timeout ago; the wait doubles with each backup, so that one of them gets the time that the task takes
 * everywhere. No backup beside an attempt that may already commit, and none of a reduce whose inputs are not all there.
 */
export function dueForBackup(state: State, now: number): Task | undefined {
  if (!state.settings.backupTasks) return undefined;
  const isRunning = (attempt: Attempt) => attempt.state === "running";
  return state.backups.first(now, (task) => {
    if (task.kind === "reduce" && !mapsAreDone(state)) return false;
    return [...task.attempts.values()].every(isRunning);
  });
}
