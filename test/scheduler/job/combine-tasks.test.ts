import { describe, expect, test } from "vitest";
import type { Effect } from "../../../src/scheduler/cluster/events.js";
import { step } from "../../../src/scheduler/cluster/step.js";
import { combineBytesMinDefault } from "../../../src/scheduler/job/combine-tasks.js";
import type { JobState } from "../../../src/scheduler/job/job.js";
import { noMeasures } from "../../../src/model/measures.js";
import { jobSettings } from "../../support/job-settings.js";
import { ofJob, oneJob } from "../one-job.js";

interface Job {
  readonly workers?: number;
  readonly silent?: number;
  readonly combineBytesMin?: number;
  readonly canCombine?: boolean;
}

/** Runs the map tasks of a job, given the size of each one's file for each partition, and returns its combine tasks. */
function combinesOf(sizes: readonly (readonly number[])[], job: Job = {}): string[] {
  const { workers = 2, silent = 0, combineBytesMin = 0, canCombine = true } = job;
  const reducers = sizes[0]?.length ?? 0;
  const { cluster, state } = oneJob(jobSettings({ reducers, combineBytesMin }));
  const splits = sizes.map((_, map) => [{ file: `${map}`, path: `/${map}`, startBytes: 0, endBytes: 10 }]);
  const app = {
    name: "app.js",
    hash: "0",
    input: "lines" as const,
    ...(canCombine ? { combines: true as const } : {}),
  };
  let call = 0;
  const tell = (event: Parameters<typeof step>[1], now: number): Effect[] => step(cluster, event, now);
  tell({ type: "planned", job: "job", app, args: {}, splits }, 0);
  for (let n = 0; n < workers; n++) tell({ type: "registered", call: call++, pid: 1, host: "host" }, 0);
  // All but the first `workers - silent` workers are heard for the last time at the beginning.
  const late = silent === 0 ? 0 : state.settings.taskTimeoutMs;
  for (let n = 1; n <= workers - silent; n++) tell({ type: "heard", worker: `w${n}` }, late);
  tell({ type: "tick" }, late);
  tell({ type: "taskRequested", call: call++, worker: "w1" }, late);
  for (let left = sizes.length; left > 0; left--) {
    const running = cluster.workers.get("w1")?.running;
    if (running === undefined) throw new Error("w1 has no task");
    const ref = ofJob({ kind: "map", task: running.task.index, attempt: running.attempt.number });
    const files = (sizes[ref.task] ?? []).map((bytes, partition): [number, number, number] => [partition, bytes, 7]);
    const outputs = files.filter(([, bytes]) => bytes > 0);
    const outcome = { type: "done" as const, outputs, skipped: [], sideFiles: [], ...noMeasures() };
    tell({ type: "commitAsked", call: call++, worker: "w1", ref }, late);
    tell({ type: "attemptEnded", call: call++, worker: "w1", ref, outcome, leaving: false }, late);
  }
  return rangesOf(state);
}

function rangesOf({ combines }: JobState): string[] {
  return combines.map(({ range }) => `${range?.partition}: ${range?.fromMap}-${(range?.toMap ?? 0) - 1}`);
}

/** Files of one partition. */
function files(...sizes: number[]): number[][] {
  return sizes.map((size) => [size]);
}

const equal = (count: number) => files(...Array.from({ length: count }, () => 100));

describe("the map files of a partition", () => {
  test.each([
    { name: "are halved for two workers", sizes: equal(8), found: ["0: 0-3", "0: 4-7"] },
    { name: "are cut by bytes", sizes: files(9, 9, 2, 2, 2, 2, 2, 2, 2, 2), found: ["0: 0-1", "0: 2-9"] },
    { name: "stay in one piece if they are few", sizes: equal(7), found: [] },
    { name: "stay so if all but a few are empty", sizes: files(9, 0, 9, 0, 9, 9, 9, 9, 9, 0), found: [] },
    { name: "stay so if the first has most bytes", sizes: files(99, 1, 1, 1, 1, 1, 1, 1, 1), found: [] },
    { name: "stay so if the last has most bytes", sizes: files(1, 1, 1, 1, 1, 1, 1, 1, 99), found: [] },
    {
      name: "include empty ones at the end",
      sizes: files(9, 9, 9, 9, 9, 9, 9, 9, 0, 0),
      found: ["0: 0-3", "0: 4-9"],
    },
  ])("$name", ({ sizes, found }) => {
    expect(combinesOf(sizes)).toEqual(found);
  });

  test("are cut into no more ranges than the square root of their number", () => {
    expect(combinesOf(equal(16), { workers: 9 })).toEqual(["0: 0-3", "0: 4-7", "0: 8-11", "0: 12-15"]);
    expect(combinesOf(equal(100), { workers: 30 })).toHaveLength(10);
    expect(combinesOf(equal(100), { workers: 3 })).toHaveLength(3);
  });
});

describe("combine tasks are planned", () => {
  const hot = Array.from({ length: 8 }, () => [20, 90, 10]);

  test("for the partition that has most of the map output", () => {
    expect(combinesOf(hot)).toEqual(["1: 0-3", "1: 4-7"]);
  });

  test("not when the other partitions keep the other workers busy about as long", () => {
    expect(combinesOf(Array.from({ length: 8 }, () => [20, 60, 20]))).toEqual([]);
    expect(
      combinesOf(
        Array.from({ length: 8 }, () => [20, 60, 20]),
        { workers: 4 },
      ),
    ).not.toEqual([]);
  });

  test("for several partitions when there are workers for them", () => {
    const two = Array.from({ length: 8 }, () => [45, 45, 10]);
    expect(combinesOf(two)).toEqual([]);
    expect(combinesOf(two, { workers: 4 })).toEqual(["0: 0-3", "0: 4-7", "1: 0-3", "1: 4-7"]);
  });

  test("not for a single worker, nor for one beside a silent one", () => {
    expect(combinesOf(hot, { workers: 1 })).toEqual([]);
    expect(combinesOf(hot, { workers: 2, silent: 1 })).toEqual([]);
    expect(combinesOf(hot, { workers: 3, silent: 1 })).not.toEqual([]);
  });

  test("not for an app without a combine function that can be used alone", () => {
    expect(combinesOf(hot, { canCombine: false })).toEqual([]);
  });

  test("not for less than 16 MiB", () => {
    const large = (bytes: number) => equal(8).map(() => [bytes / 8]);
    expect(combinesOf(large(combineBytesMinDefault - 8), { combineBytesMin: combineBytesMinDefault })).toEqual([]);
    expect(combinesOf(large(combineBytesMinDefault), { combineBytesMin: combineBytesMinDefault })).toHaveLength(2);
  });
});
