import { describe, expect, test } from "vitest";
import {
  type Attempt,
  type AttemptState,
  type Task,
  type TaskState,
  createTask,
} from "../../../src/scheduler/job/task.js";
import { moveAttempt, moveTask } from "../../../src/scheduler/job/transitions.js";

type TaskCause = Parameters<typeof moveTask>[1];
type AttemptCause = Parameters<typeof moveAttempt>[2];

const illegal = undefined;

/** The state that each cause leads to from each state: repeated here on purpose. */
const taskTable: Record<TaskState, Record<TaskCause, TaskState | undefined>> = {
  idle: {
    assigned: "in-progress",
    "backed up": illegal,
    "attempt lost": illegal,
    "last attempt lost": illegal,
    committed: illegal,
    "given up": "completed",
    "files lost": illegal,
    "found committed": "completed",
  },
  "in-progress": {
    assigned: illegal,
    "backed up": "in-progress",
    "attempt lost": "in-progress",
    "last attempt lost": "idle",
    committed: "completed",
    "given up": illegal,
    "files lost": illegal,
    "found committed": illegal,
  },
  completed: {
    assigned: illegal,
    "backed up": illegal,
    "attempt lost": illegal,
    "last attempt lost": illegal,
    committed: illegal,
    "given up": illegal,
    "files lost": "idle",
    "found committed": illegal,
  },
};

const attemptTable: Record<AttemptState, Record<AttemptCause, AttemptState | undefined>> = {
  running: { granted: "committing", committed: illegal, lost: "failed", cancelled: "cancelled" },
  // A permission that was granted is granted again when its holder asks again.
  committing: { granted: "committing", committed: "committed", lost: "failed", cancelled: "cancelled" },
  committed: { granted: illegal, committed: illegal, lost: illegal, cancelled: illegal },
  failed: { granted: illegal, committed: illegal, lost: illegal, cancelled: illegal },
  cancelled: { granted: illegal, committed: illegal, lost: illegal, cancelled: illegal },
};

const taskRows = rows(taskTable);
const attemptRows = rows(attemptTable);

describe("a task", () => {
  test.each(taskRows.filter(({ next }) => next !== illegal))("goes from $from to $next when $cause", (row) => {
    const task = taskIn(row.from);
    moveTask(task, row.cause, "on w1", 5);
    expect(task.state).toBe(row.next);
    expect(task.history).toEqual([`5 ms: ${row.from} → ${String(row.next)}, ${row.cause}: on w1`]);
  });

  test.each(taskRows.filter(({ next }) => next === illegal))("cannot be $cause when it is $from", (row) => {
    const task = taskIn(row.from);
    task.history.push("3 ms: what was before");
    expect(() => moveTask(task, row.cause, "on w1", 5)).toThrow(
      `illegal transition of map task 7; its history:\n  3 ms: what was before\n  5 ms: ${row.from} → ?, ${row.cause}: on w1`,
    );
    expect(task.state).toBe(row.from);
  });

  test("keeps no more than its last 20 transitions", () => {
    const task = taskIn("in-progress");
    for (let ms = 1; ms <= 30; ms++) moveTask(task, "backed up", "by w1", ms);
    expect(task.history).toHaveLength(20);
    expect(task.history[0]).toMatch(/^11 ms/);
    expect(task.history.at(-1)).toMatch(/^30 ms/);
  });
});

describe("an attempt", () => {
  test.each(attemptRows.filter(({ next }) => next !== illegal))("goes from $from to $next when $cause", (row) => {
    const task = taskIn("in-progress");
    const attempt = attemptIn(row.from);
    moveAttempt(task, attempt, row.cause, 5);
    expect(attempt.state).toBe(row.next);
    expect(task.history).toEqual([`5 ms: attempt 2 ${row.from} → ${String(row.next)}, ${row.cause}`]);
  });

  test.each(attemptRows.filter(({ next }) => next === illegal))("cannot be $cause when it is $from", (row) => {
    const task = taskIn("in-progress");
    const attempt = attemptIn(row.from);
    task.history.push("3 ms: what was before");
    expect(() => moveAttempt(task, attempt, row.cause, 5)).toThrow(
      `illegal transition of map task 7; its history:\n  3 ms: what was before\n  5 ms: attempt 2 ${row.from} → ?, ${row.cause}`,
    );
    expect(attempt.state).toBe(row.from);
  });
});

function rows<From extends string, Cause extends string, To>(
  table: Record<From, Record<Cause, To>>,
): { from: From; cause: Cause; next: To }[] {
  return (Object.keys(table) as From[]).flatMap((from) =>
    (Object.keys(table[from]) as Cause[]).map((cause) => ({ from, cause, next: table[from][cause] })),
  );
}

function taskIn(state: TaskState): Task {
  return Object.assign(createTask({ kind: "map", index: 7 }), { state });
}

function attemptIn(state: AttemptState): Attempt {
  const begun = { number: 2, worker: "w1", startedAtMs: 0, isBackup: false, mapsLostBefore: 0, skip: [] };
  return { ...begun, state, records: 0, bytes: 0, progressAtMs: 0, memoryBytesBefore: 0 };
}
