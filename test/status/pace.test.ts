import { describe, expect, test } from "vitest";
import { Pace, tasksDone } from "../../src/status/pace.js";
import { snapshotOf, tasks, workerOf } from "./snapshots.js";

const unknown = { recordsPerSecond: undefined, bytesPerSecond: undefined, leftMs: undefined };

function mapsAt(elapsedMs: number, completed: number, records = completed * 10, bytes = completed * 1000) {
  return snapshotOf({ elapsedMs, maps: tasks(40, completed), map: { recordsIn: records, bytesIn: bytes } });
}

function running(task: number, records: number, bytes: number, attempt = 1) {
  const ref = { kind: "map" as const, task, attempt };
  return workerOf(`w${task}-${attempt}`, { running: { ref, records, bytes, elapsedMs: 1 } });
}

describe("the pace of a job", () => {
  test("is not reported for less than a second, nor before there is a worker", () => {
    const pace = new Pace();
    expect(pace.note(snapshotOf({ phase: "waiting" }))).toEqual(unknown);
    expect(pace.note(mapsAt(0, 0))).toEqual(unknown);
    expect(pace.note(mapsAt(999, 5))).toEqual(unknown);
    expect(pace.note(mapsAt(1000, 10))).toEqual({ recordsPerSecond: 100, bytesPerSecond: 10_000, leftMs: 3000 });
  });

  test("covers the last five seconds, while the time left covers the phase", () => {
    const pace = new Pace();
    for (const second of [0, 1, 2, 3, 4, 5]) pace.note(mapsAt(second * 1000, second * 4));
    for (const second of [6, 7, 8, 9]) pace.note(mapsAt(second * 1000, 20));
    // 21 tasks in 10 s, and one in the last 5 s.
    expect(pace.note(mapsAt(10_000, 21))).toEqual({
      recordsPerSecond: 2,
      bytesPerSecond: 200,
      leftMs: (10_000 * 19) / 21,
    });
  });

  test("omits the time left while no task makes progress, and shows it again afterwards", () => {
    const pace = new Pace();
    for (const second of [0, 1, 2, 3, 4, 5]) pace.note(mapsAt(second * 1000, second * 4));
    for (const second of [6, 7, 8]) pace.note(mapsAt(second * 1000, 20));
    expect(pace.note(mapsAt(9000, 20)).leftMs).toBe(9000);
    expect(pace.note(mapsAt(10_000, 20))).toEqual({ recordsPerSecond: 0, bytesPerSecond: 0, leftMs: undefined });
    // A task whose records advance, but which is longer than the others: the remaining time is unknown.
    expect(pace.note(mapsAt(11_000, 20, 300)).leftMs).toBeUndefined();
    expect(pace.note(mapsAt(12_000, 24)).leftMs).toBe(8000);
  });

  test("does not count what was done before the job was resumed", () => {
    const pace = new Pace();
    pace.note(mapsAt(0, 30));
    expect(pace.note(mapsAt(2000, 32))).toEqual({ recordsPerSecond: 10, bytesPerSecond: 1000, leftMs: 8000 });
  });

  test("is never negative when an attempt is lost", () => {
    const pace = new Pace();
    pace.note(mapsAt(0, 10));
    expect(pace.note(mapsAt(2000, 8))).toEqual({ recordsPerSecond: 0, bytesPerSecond: 0, leftMs: undefined });
  });

  test("starts over with the reduce phase", () => {
    const pace = new Pace();
    pace.note(mapsAt(0, 0));
    const reduces = (elapsedMs: number, completed: number) => {
      const reduce = { recordsIn: completed * 50, bytesIn: completed * 500 };
      return snapshotOf({ phase: "reduce", elapsedMs, reduces: tasks(8, completed), reduce });
    };
    expect(pace.note(reduces(5000, 0))).toEqual(unknown);
    expect(pace.note(reduces(7000, 2))).toEqual({ recordsPerSecond: 50, bytesPerSecond: 500, leftMs: 6000 });
  });

  test("counts running attempts, and of two attempts of a task the one further along", () => {
    const pace = new Pace();
    pace.note(mapsAt(0, 0));
    const workers = [running(3, 100, 500), running(3, 300, 700, 2), running(4, 1, 1)];
    expect(pace.note(snapshotOf({ elapsedMs: 1000, maps: tasks(40, 0), workers }))).toEqual({
      recordsPerSecond: 301,
      bytesPerSecond: 701,
      leftMs: undefined,
    });
  });
});

test("a running task counts by its share of what others read, but never fully", () => {
  const map = { bytesIn: 2000 };
  const of = (...workers: ReturnType<typeof running>[]) =>
    tasksDone(snapshotOf({ maps: tasks(4, 2), map, workers }), "map");
  expect(of()).toBe(2);
  expect(of(running(2, 0, 500))).toBe(2.5);
  expect(of(running(2, 0, 5000))).toBe(2.95);
  expect(of(running(2, 0, 500), running(3, 0, 250))).toBe(2.75);
  expect(tasksDone(snapshotOf({ maps: tasks(4, 0), workers: [running(2, 0, 500)] }), "map")).toBe(0);
});

test("a running reduce task counts by its share of the pairs that others had: its bytes are unknown", () => {
  const reduce = { recordsIn: 200, bytesIn: 5000 };
  const of = (...pairs: number[]) => {
    const workers = pairs.map((records, i) => {
      const ref = { kind: "reduce" as const, task: i, attempt: 1 };
      return workerOf(`w${i}`, { running: { ref, records, bytes: 0, elapsedMs: 1 } });
    });
    return tasksDone(snapshotOf({ phase: "reduce", reduces: tasks(4, 2), reduce, workers }), "reduce");
  };
  expect([of(), of(50), of(50, 25), of(1000)]).toEqual([2, 2.5, 2.75, 2.95]);
});
