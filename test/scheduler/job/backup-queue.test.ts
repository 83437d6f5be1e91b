import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BackupQueue } from "../../../src/scheduler/job/backup-queue.js";
import { type Task, createTask } from "../../../src/scheduler/job/task.js";

const all = () => true;
const tasks = Array.from({ length: 8 }, (_, index) => createTask({ kind: "map", index }));
const [a, b, c] = tasks as [Task, Task, Task];

describe("the queue of tasks that are due for a backup attempt", () => {
  test("has no task when it is empty", () => {
    expect(new BackupQueue<Task>().first(1000, all)).toBeUndefined();
  });

  test("gives a task from the time at which it is due, again and again", () => {
    const queue = new BackupQueue<Task>();
    queue.set(a, 10);
    expect(queue.first(9, all)).toBeUndefined();
    expect(queue.first(10, all)).toBe(a);
    expect(queue.first(11, all)).toBe(a);
  });

  test("returns the task that has been due for longest", () => {
    const queue = new BackupQueue<Task>();
    queue.set(a, 30);
    queue.set(b, 10);
    queue.set(c, 20);
    expect(queue.first(30, all)).toBe(b);
  });

  test("skips unsuitable tasks, and keeps them", () => {
    const queue = new BackupQueue<Task>();
    queue.set(a, 10);
    queue.set(b, 20);
    expect(queue.first(30, (task) => task !== a)).toBe(b);
    expect(queue.first(30, () => false)).toBeUndefined();
    expect(queue.first(30, all)).toBe(a);
  });

  test("knows only the latest time of a task", () => {
    const queue = new BackupQueue<Task>();
    queue.set(a, 10);
    queue.set(a, 30);
    expect(queue.first(20, all)).toBeUndefined();
    expect(queue.first(30, all)).toBe(a);
    queue.set(a, 15);
    expect(queue.first(20, all)).toBe(a);
  });

  test("forgets a task that is deleted, until it is set again", () => {
    const queue = new BackupQueue<Task>();
    queue.set(a, 10);
    queue.delete(a);
    expect(queue.first(20, all)).toBeUndefined();
    queue.set(a, 10);
    expect(queue.first(20, all)).toBe(a);
  });
});

test("the queue always gives the result of a search of all tasks", () => {
  const index = fc.nat(tasks.length - 1);
  const dueMs = fc.nat(20);
  const action = fc.oneof(
    fc.record({ type: fc.constant("set" as const), index, dueMs }),
    fc.record({ type: fc.constant("delete" as const), index }),
    fc.record({ type: fc.constant("first" as const), dueMs, suiting: fc.uniqueArray(index) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 100 }), (actions) => {
      const queue = new BackupQueue<Task>();
      const due = new Map<number, number>();
      for (const action of actions) {
        if (action.type === "delete") {
          queue.delete(tasks[action.index] ?? a);
          due.delete(action.index);
        } else if (action.type === "set") {
          queue.set(tasks[action.index] ?? a, action.dueMs);
          due.set(action.index, action.dueMs);
        } else {
          const { dueMs: nowMs, suiting } = action;
          const found = queue.first(nowMs, (task) => suiting.includes(task.index));
          const times = [...due].filter(([index, ms]) => ms <= nowMs && suiting.includes(index)).map(([, ms]) => ms);
          // Of two tasks due at the same time, either may come first.
          expect(found === undefined ? undefined : due.get(found.index)).toBe(times.sort((x, y) => x - y)[0]);
          if (found !== undefined) expect(suiting).toContain(found.index);
        }
      }
    }),
    { numRuns: 1000 },
  );
});
