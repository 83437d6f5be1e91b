/**
 * Every transition of a task or an attempt. Only this module changes these states. A transition that the tables lack
 * throws with the task's recent history: it is a bug in the engine, not the user's fault.
 */
import type { Attempt, AttemptState, Task, TaskState } from "./task.js";

type TaskCause =
  | "assigned"
  | "backed up"
  | "attempt lost"
  | "last attempt lost"
  | "committed"
  /** A sample or combine task without a result: the job continues without it. */
  | "given up"
  /** The files of a completed task are damaged or gone. */
  | "files lost"
  /** A coordinator that resumes a job found the commit in the journal. */
  | "found committed";
type AttemptCause = "granted" | "committed" | "lost" | "cancelled";

const taskTransitions: Record<TaskState, Partial<Record<TaskCause, TaskState>>> = {
  idle: { assigned: "in-progress", "given up": "completed", "found committed": "completed" },
  "in-progress": {
    "backed up": "in-progress",
    "attempt lost": "in-progress",
    "last attempt lost": "idle",
    committed: "completed",
  },
  completed: { "files lost": "idle" },
};

const attemptTransitions: Record<AttemptState, Partial<Record<AttemptCause, AttemptState>>> = {
  running: { granted: "committing", lost: "failed", cancelled: "cancelled" },
  committing: { granted: "committing", committed: "committed", lost: "failed", cancelled: "cancelled" },
  committed: {},
  failed: {},
  cancelled: {},
};

const historyMax = 20;

/** Moves a task to its next state. Throws when the table has no such transition. */
export function moveTask(task: Task, cause: TaskCause, detail: string, now: number): void {
  const next = taskTransitions[task.state][cause];
  remember(task, `${now} ms: ${task.state} → ${next ?? "?"}, ${cause}: ${detail}`);
  if (next === undefined) throw illegal(task);
  task.state = next;
}

/** Moves an attempt to its next state. Throws when the table has no such transition. */
export function moveAttempt(task: Task, attempt: Attempt, cause: AttemptCause, now: number): void {
  const next = attemptTransitions[attempt.state][cause];
  remember(task, `${now} ms: attempt ${attempt.number} ${attempt.state} → ${next ?? "?"}, ${cause}`);
  if (next === undefined) throw illegal(task);
  attempt.state = next;
}

function remember(task: Task, line: string): void {
  task.history.push(line);
  if (task.history.length > historyMax) task.history.shift();
}

function illegal(task: Task): Error {
  return new Error(
    `illegal transition of ${task.kind} task ${task.index}; its history:\n  ${task.history.join("\n  ")}`,
  );
}
