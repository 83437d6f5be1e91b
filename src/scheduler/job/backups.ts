/** When a slow task gets a backup attempt (paper section 3.6). */
import { type JobState, mapsAreDone } from "./job.js";
import { type Attempt, type Task, readsMapFiles } from "./task.js";

/** Records when a task may next get a backup attempt. Call it whenever the attempts of the task change. */
export function scheduleBackup({ backups, settings }: JobState, task: Task): void {
  const latest = [...task.attempts.values()].at(-1);
  if (latest === undefined) backups.delete(task);
  else backups.set(task, latest.startedAtMs + waitMs(settings, task));
}

/**
 * Returns the task that has waited longest for a backup attempt; undefined when none is to get one. A task can get one
 * when its last attempt began a task timeout ago. The wait doubles with each backup, so that some attempt eventually gets
 * the time that the task takes on any worker. A task gets no backup while one of its attempts may already commit, and a
 * combine or reduce task gets none while an input is missing. With the rule "behind-peers" the task must also be slow (`isSlow`).
 */
export function dueForBackup(state: JobState, now: number): Task | undefined {
  const { backups: rule } = state.settings;
  if (rule === "none") return undefined;
  const isRunning = (attempt: Attempt) => attempt.state === "running";
  return state.backups.first(now, (task) => {
    if (readsMapFiles(task) && !mapsAreDone(state)) return false;
    if (![...task.attempts.values()].every(isRunning)) return false;
    return rule === "after-timeout" || isSlow(state, task, now);
  });
}

function waitMs({ taskTimeoutMs }: JobState["settings"], { backupsBegun }: Task): number {
  return taskTimeoutMs * 2 ** backupsBegun;
}

/**
 * Whether each attempt of a task has made no progress for the whole wait, or takes more than twice the time for its input
 * that finished tasks of its kind took. Another attempt would only repeat the work of a long task that advances as its
 * peers did.
 */
function isSlow({ settings, timeline }: JobState, task: Task, now: number): boolean {
  const { kind } = task;
  const { totalMs } = timeline.durations[kind];
  const { bytesIn: bytes, recordsIn: records } = timeline.processed[kind];
  const finished = unitsOf(task, { bytes, records });
  return [...task.attempts.values()].every((attempt) => {
    if (now - attempt.progressAtMs >= waitMs(settings, task)) return true;
    return totalMs > 0 && 2 * unitsOf(task, attempt) * totalMs < finished * (now - attempt.startedAtMs);
  });
}

/** Progress is counted in bytes, or, for combine and reduce tasks, whose heartbeats have none, in values. */
function unitsOf(task: Pick<Task, "kind">, { bytes, records }: Pick<Attempt, "bytes" | "records">): number {
  return readsMapFiles(task) ? records : bytes;
}
