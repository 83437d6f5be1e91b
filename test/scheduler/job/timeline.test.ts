import { describe, expect, it } from "vitest";
import { type Attempt, type Task, createTask } from "../../../src/scheduler/job/task.js";
import { Timeline } from "../../../src/scheduler/job/timeline.js";

const done = { recordsIn: 10, recordsOut: 20, bytesIn: 100, bytesOut: 50, counters: [] };

function task(index: number, kind: Task["kind"] = "map"): Task {
  return createTask({ kind, index, splits: [{ file: `f${index}`, path: "/f", startBytes: 0, endBytes: 1 }] });
}

function attempt(startedAtMs: number, worker = "w1", number = 1): Attempt {
  const progress = { records: 3, bytes: 30, progressAtMs: 0, state: "running" as const };
  return {
    number,
    worker,
    startedAtMs,
    isBackup: false,
    mapsLostBefore: 0,
    memoryBytesBefore: 0,
    skip: [],
    ...progress,
  };
}

describe("the timeline of a job", () => {
  it("contains each attempt of a small job, with its input and its outcome", () => {
    const timeline = new Timeline();
    timeline.addCommitted(task(0), attempt(5), done, 25);
    timeline.addCancelled(task(1), attempt(7, "w2"), 30);
    timeline.addLost(task(2), attempt(8, "w3", 2), { class: "io", message: "EIO" }, 40);
    const common = { kind: "map", count: 1, isBackup: false };
    expect(timeline.spans).toEqual([
      {
        ...common,
        task: 0,
        attempt: 1,
        worker: "w1",
        startedAtMs: 5,
        endedAtMs: 25,
        outcome: "committed",
        records: 10,
        bytes: 100,
      },
      {
        ...common,
        task: 1,
        attempt: 1,
        worker: "w2",
        startedAtMs: 7,
        endedAtMs: 30,
        outcome: "cancelled",
        records: 3,
        bytes: 30,
      },
      {
        ...common,
        task: 2,
        attempt: 2,
        worker: "w3",
        startedAtMs: 8,
        endedAtMs: 40,
        outcome: "io",
        records: 3,
        bytes: 30,
      },
    ]);
  });

  it("of a large job stays small: it merges consecutive attempts of one worker, and forgets nothing", () => {
    const timeline = new Timeline();
    const workers = 40;
    for (let n = 0; n < 50_000; n++) {
      const startMs = Math.floor(n / workers) * 100;
      timeline.addCommitted(task(n), attempt(startMs, `w${n % workers}`), done, startMs + 99);
      if (n === 25_000)
        timeline.addLost(task(n), attempt(startMs, "w7"), { class: "error", message: "boom" }, startMs + 99);
    }
    expect(timeline.spans.length).toBeLessThanOrEqual(2000);
    expect(timeline.spans.length).toBeGreaterThan(400);
    expect(timeline.spansOmitted).toBe(0);
    expect(timeline.spans.reduce((sum, { count }) => sum + count, 0)).toBe(50_001);
    expect(timeline.spans.reduce((sum, { records }) => sum + records, 0)).toBe(500_003);
    expect(timeline.spans.filter(({ outcome }) => outcome === "error")).toHaveLength(1);
    // Merged spans do not overlap with later ones.
    for (let worker = 0; worker < workers; worker++) {
      const own = timeline.spans.filter((span) => span.worker === `w${worker}` && span.outcome === "committed");
      for (const [index, span] of own.entries()) {
        expect(span.startedAtMs).toBeGreaterThanOrEqual(own[index - 1]?.endedAtMs ?? 0);
      }
    }
  });

  it("stays small when nothing can be merged: it drops the oldest spans, and says how many", () => {
    const timeline = new Timeline();
    for (let n = 0; n < 5000; n++) {
      timeline.addLost(task(0), attempt(n, `w${n}`, n + 1), { class: "crash", message: "gone" }, n + 1);
    }
    expect(timeline.spans.length).toBeLessThanOrEqual(2000);
    expect(timeline.spansOmitted + timeline.spans.length).toBe(5000);
    expect(timeline.spans.at(-1)?.worker).toBe("w4999");
  });

  it("keeps the first failures and the latest, each with its texts cut to a bounded length", () => {
    const timeline = new Timeline();
    const long = "x".repeat(100_000);
    for (let n = 1; n <= 300; n++) {
      const loss = { class: "error" as const, message: `${n} ${long}`, stack: `stack ${long}`, output: `${long} end` };
      timeline.addLost(task(n), attempt(n), loss, n);
    }
    const numbers = timeline.failures.map(({ message }) => Number.parseInt(message));
    expect(numbers).toEqual([...range(1, 20), ...range(221, 300)]);
    expect(timeline.failuresOmitted).toBe(200);
    const [{ message, stack, output, file } = fail()] = timeline.failures;
    expect([message.length, stack?.length, output?.length, file]).toEqual([2000, 8000, 8000, "f1"]);
    expect(output).toMatch(/x end$/);
  });

  it("does not call it a failure when a worker was told to leave", () => {
    const timeline = new Timeline();
    timeline.addLost(task(0), attempt(0), { class: "released", message: "bye" }, 1);
    expect([timeline.spans[0]?.outcome, timeline.failures]).toEqual(["cancelled", []]);
  });

  it("knows the slowest tasks of each phase, slowest first, and the median", () => {
    const timeline = new Timeline();
    const durationsMs = Array.from({ length: 101 }, (_, n) => ((n * 37) % 101) + 100);
    for (const [n, tookMs] of durationsMs.entries()) timeline.addCommitted(task(n), attempt(0), done, tookMs);
    timeline.addCommitted(task(0, "reduce"), attempt(0), done, 7);
    const slowest = timeline.slowest("map").map(({ span }) => span.endedAtMs);
    expect(slowest).toEqual(range(191, 200).reverse());
    expect(timeline.slowest("reduce").map(({ file, span }) => [file, span.endedAtMs])).toEqual([["f0", 7]]);
    expect(timeline.durations.map.medianMs / 150).toBeCloseTo(1, 1);
    expect(timeline.durations.map).toMatchObject({ count: 101, maxMs: 200, totalMs: 101 * 150 });
  });

  it("counts how attempts ended and what they did, also of a task that has to run again", () => {
    const timeline = new Timeline();
    timeline.addCommitted(task(0), attempt(0), done, 1);
    timeline.addCommitted(task(0), attempt(1, "w1", 2), done, 2);
    timeline.addLost(task(0), attempt(0), { class: "crash", message: "" }, 1);
    expect([...timeline.ended("map")]).toEqual([
      ["committed", 2],
      ["crash", 1],
    ]);
    expect(timeline.processed.map).toEqual({ recordsIn: 20, recordsOut: 40, bytesIn: 200, bytesOut: 100 });
    expect([...timeline.ended("reduce")]).toEqual([]);
  });
});

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}

function fail(): never {
  throw new Error("there is none");
}
