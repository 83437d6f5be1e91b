import { inspect } from "node:util";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { Cluster } from "../../../src/scheduler/cluster/cluster.js";
import type { Event } from "../../../src/scheduler/cluster/events.js";
import { step } from "../../../src/scheduler/cluster/step.js";
import type { JobState } from "../../../src/scheduler/job/job.js";
import type { DoneOutcome } from "../../../src/scheduler/job/task.js";
import { takeJobView, takeThroughput } from "../../../src/scheduler/views/job-view.js";
import { noMeasures } from "../../../src/model/measures.js";
import type { AttemptRef, OutputFile } from "../../../src/model/attempt.js";
import { jobView } from "../../../src/model/job-view.js";
import { jobSettings } from "../../support/job-settings.js";
import { ofJob, oneJob } from "../one-job.js";

const settings = jobSettings({ reducers: 3, directory: "/out" });

/** A job of two maps and two workers that began at 1000. */
class Player {
  readonly cluster: Cluster;
  readonly state: JobState;
  now = 1000;
  #call = 0;

  constructor() {
    const { cluster, state } = oneJob(settings, { args: { pattern: "x" }, now: 1000 });
    this.cluster = cluster;
    this.state = state;
    const splits = ["a", "b"].map((file) => [{ file, path: `/${file}`, startBytes: 0, endBytes: 100 }]);
    const app = { name: "wc.js", hash: "0", input: "lines" } as const;
    this.tell({ type: "planned", job: "job", app, args: { pattern: "x" }, splits });
    for (const worker of ["w1", "w2"]) {
      this.ask((call) => ({ type: "registered", call, pid: 7, host: "here" }));
      this.ask((call) => ({ type: "taskRequested", call, worker }));
    }
  }

  tell(event: Event): void {
    step(this.cluster, event, this.now);
  }

  ask(toEvent: (call: number) => Event): void {
    this.#call += 1;
    this.tell(toEvent(this.#call));
  }

  progress(worker: string, ref: AttemptRef, records: number, bytes: number): void {
    const attempts = [{ ref: ofJob(ref), records, bytes }];
    this.ask((call) => ({ type: "heartbeat", call, worker, attempts, memoryBytes: 5000 }));
  }

  commit(worker: string, ref: AttemptRef, outputs: OutputFile[]): void {
    const measures = { ...noMeasures(), recordsIn: 10, recordsOut: 20, keys: 5, bytesIn: 100, bytesOut: 60 };
    const made = { outputs, skipped: [], sideFiles: [] };
    const outcome: DoneOutcome = { type: "done", ...made, ...measures, counters: [["words", 4]] };
    this.ask((call) => ({ type: "commitAsked", call, worker, ref: ofJob(ref) }));
    this.ask((call) => ({ type: "attemptEnded", call, worker, ref: ofJob(ref), outcome, leaving: false }));
  }

  fail(worker: string, ref: AttemptRef): void {
    const outcome = { type: "failed", class: "error", message: "boom", stack: "at map", record: 50 } as const;
    this.ask((call) => ({ type: "attemptEnded", call, worker, ref: ofJob(ref), outcome, leaving: false }));
  }

  view() {
    const view = takeJobView(this.cluster, this.state, this.now, { startedAtEpochMs: 123, throughput: [] });
    return v.parse(jobView, view);
  }
}

describe("a task", () => {
  it("drops the text of its error once it is done: every task of a large job may have had one", () => {
    const player = new Player();
    player.fail("w1", map(0));
    expect(textsIn(player.state.maps[0])).toContain("boom");
    player.commit("w1", map(0, 2), []);
    expect(player.state.maps[0]?.state).toBe("completed");
    expect(textsIn(player.state.maps[0])).not.toMatch(/boom|at map/);
  });
});

function textsIn(value: unknown): string {
  return inspect(value, { depth: 10, maxStringLength: Infinity });
}

const map = (task: number, attempt = 1): AttemptRef => ({ kind: "map", task, attempt });

describe("the view of a job", () => {
  it("shows running attempts with their start and progress, in time since the job began", () => {
    const player = new Player();
    player.now = 1400;
    player.progress("w1", map(0), 3, 30);
    expect(player.view()).toMatchObject({
      app: "wc.js",
      input: "lines",
      args: [["pattern", "x"]],
      phase: "map",
      startedAtEpochMs: 123,
      elapsedMs: 400,
      maps: { total: 2, idle: 0, inProgress: 2, completed: 0 },
      workers: {
        omitted: 0,
        list: [
          { id: "w1", memoryBytes: 5000, running: { kind: "map", task: 0, startMs: 0, records: 3, bytes: 30 } },
          { id: "w2", running: { task: 1, records: 0 } },
        ],
      },
      timeline: { spans: [] },
    });
  });

  it("shows the sizes of the partitions, and takes them back when the files of a map are lost", () => {
    const player = new Player();
    player.commit("w1", map(0), [
      [0, 10, 0],
      [2, 30, 0],
    ]);
    player.commit("w2", map(1), [[2, 5, 0]]);
    expect(player.view().partitions).toEqual({
      count: 3,
      totalBytes: 45,
      medianBytes: 10,
      largest: [
        { partition: 2, bytes: 35 },
        { partition: 0, bytes: 10 },
        { partition: 1, bytes: 0 },
      ],
      perEntry: 1,
      bytes: [10, 0, 35],
    });
    const ref = ofJob({ kind: "reduce", task: 0, attempt: 1 });
    const outcome = {
      type: "failed",
      class: "damaged",
      message: "short",
      damaged: [[0, 1]] as [number, number][],
    } as const;
    player.ask((call) => ({ type: "attemptEnded", call, worker: "w2", ref, outcome, leaving: false }));
    const view = player.view();
    expect(view.partitions.bytes).toEqual([0, 0, 5]);
    // The work was done nevertheless.
    expect([view.map.recordsIn, view.processed.map.recordsIn, view.mapsLost]).toEqual([10, 20, 1]);
  });

  it("names each failed attempt, its file, record and stack, and counts it for its worker", () => {
    const player = new Player();
    player.now = 1500;
    player.fail("w2", map(1));
    const view = player.view();
    expect(view.failures.list).toEqual([
      {
        kind: "map",
        task: 1,
        attempt: 1,
        worker: "w2",
        file: "b",
        startMs: 0,
        endMs: 500,
        outcome: "error",
        message: "boom",
        stack: "at map",
        record: 50,
      },
    ]);
    expect(view.timeline.spans).toMatchObject([{ task: 1, outcome: "error", startMs: 0, endMs: 500 }]);
    expect(view.workers.list.map(({ lost, committed }) => [lost, committed])).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });

  it("of an ended job shows the attempts running then as cancelled, not failed", () => {
    const player = new Player();
    player.now = 1250;
    player.tell({ type: "aborted", job: "job", message: "stopped by SIGINT" });
    player.now = 1300;
    player.tell({ type: "disconnected", worker: "w1" });
    const view = player.view();
    expect(view).toMatchObject({ phase: "failed", failure: { message: "stopped by SIGINT" }, failures: { list: [] } });
    expect(view.timeline.spans.map(({ worker, outcome }) => [worker, outcome])).toEqual([
      ["w1", "cancelled"],
      ["w2", "cancelled"],
    ]);
    expect(view.ended).toEqual([{ kind: "map", outcome: "cancelled", count: 2 }]);
    expect(view.workers.list).toMatchObject([{ id: "w2" }]);
    expect(view.workers.list[0]?.running).toBeUndefined();
  });

  it("includes running attempts in the throughput, so that a commit does not make it jump", () => {
    const player = new Player();
    player.now = 2000;
    player.progress("w1", map(0), 10, 100);
    const before = takeThroughput(player.state, player.now);
    player.commit("w1", map(0), []);
    expect(before).toEqual({ atMs: 1000, mapRecords: 10, mapBytes: 100, reduceRecords: 0, reduceBytes: 0 });
    expect(takeThroughput(player.state, player.now)).toEqual(before);
  });
});
