import { describe, expect, test } from "vitest";
import { checkInvariants } from "../../../src/scheduler/cluster/invariants.js";
import type { JobEffect, JournalRecord } from "../../../src/scheduler/job/effects.js";
import { changeApp, restore, resume } from "../../../src/scheduler/job/restore.js";
import type { AttemptRef } from "../../../src/model/attempt.js";
import { jobSettings } from "../../support/job-settings.js";
import { type OneJob, oneJob } from "../one-job.js";

// The histories show what a history can show; the property test shows that any history can be restored.
describe("a journal", () => {
  const split = { file: "a.txt", path: "/a.txt", startBytes: 0, endBytes: 1 };
  const app = { name: "app.js", hash: "0", input: "file" } as const;
  const planned: JournalRecord = { type: "planned", app, args: { a: "1" }, splits: [[split]] };

  test("that mentions a task which the job does not have is refused", () => {
    expect(() => jobOf([planned, committed(1)])).toThrow("the journal mentions map task 1, which does not exist");
    expect(() => jobOf([{ type: "lost", kind: "map", task: 0 }])).toThrow("the journal mentions map task 0");
  });

  test("that commits a task twice, or loses what was not committed, is refused with the task's history", () => {
    expect(() => jobOf([planned, committed(0), committed(0)])).toThrow("illegal transition of map task 0");
    expect(() => jobOf([planned, { type: "lost", kind: "map", task: 0 }])).toThrow("illegal transition of map task 0");
  });

  test("that skips a record twice is refused", () => {
    const skipped: JournalRecord = { type: "skipped", task: 0, offset: 5, error: { message: "bad" } };
    expect(() => jobOf([planned, skipped, skipped])).toThrow("skips the record at 5 of map task 0 twice");
  });

  test("restores the job's args, and subtracts the counts of a lost map", () => {
    const { state } = jobOf([planned, committed(0), { type: "lost", kind: "map", task: 0 }]);
    expect(state.args).toEqual({ a: "1" });
    expect(state.measures.map).toMatchObject({ recordsIn: 0, recordsOut: 0, bytesIn: 0, bytesOut: 0 });
    expect(state.measures.map).toMatchObject({ keys: 0, spills: 0, spilledBytes: 0 });
    expect([...state.measures.map.counters]).toEqual([["words", 0]]);
  });

  test("that mentions a map before the samples are taken is refused", () => {
    const sampled: JournalRecord = { ...planned, sample: [[split]] };
    expect(() => jobOf([sampled, committed(0)])).toThrow("map task 0 before its samples are taken");
  });

  test("reassigns a task whose output files are gone, even a map", () => {
    const second = { ...planned, splits: [[split], [split]] };
    const { cluster, state } = jobOf([second, committed(0), committed(1)]);
    const effects: JobEffect[] = [];
    resume(state, ({ kind, index }) => kind === "map" && index === 0, 0, effects);
    expect(state.maps.map((task) => task.state)).toEqual(["completed", "idle"]);
    expect([state.phase, state.mapsLost, state.pending.map]).toEqual(["map", 1, [state.maps[1]]]);
    expect(effects).toContainEqual({ type: "journal", record: { type: "lost", kind: "map", task: 1 } });
    checkInvariants(cluster, 0);
  });

  test("repeats the warnings of committed tasks to the user who resumes the job", () => {
    const warned = { ...committed(0), warnings: ["a.gz: ignored 1 byte"] };
    const { state } = jobOf([planned, warned]);
    const effects: JobEffect[] = [];
    resume(state, () => true, 0, effects);
    expect(effects).toContainEqual({ type: "log", level: "warnOfData", message: "warning: a.gz: ignored 1 byte" });
    expect(state.warnings.list).toEqual(["a.gz: ignored 1 byte"]);
  });

  test("that ends while an app changes never ties outputs of the earlier version to the new one", () => {
    const before: JournalRecord[] = [planned, committed(0), committed(0, "reduce"), committed(1, "reduce")];
    const { state } = jobOf(before, 2);
    const effects: JobEffect[] = [];
    resume(state, () => true, 0, []);
    changeApp(state, { ...app, hash: "1" }, 0, effects);
    const written = effects.flatMap((effect) => (effect.type === "journal" ? [effect.record] : []));
    expect(written).toHaveLength(3);
    for (let count = 0; count <= written.length; count++) {
      const { app: restored, completed } = jobOf([...before, ...written.slice(0, count)], 2).state;
      expect([count, restored?.hash, completed.reduce]).toEqual([count, count < 3 ? "0" : "1", Math.max(0, 2 - count)]);
    }
  });

  test("that is empty leaves a job that waits for its first worker", () => {
    const { state } = jobOf([]);
    const effects: JobEffect[] = [];
    resume(state, () => false, 0, effects);
    expect([state.phase, effects]).toEqual(["waiting", []]);
  });
});

function committed(task: number, kind: "map" | "reduce" = "map"): JournalRecord {
  const ref: AttemptRef = { kind, task, attempt: 1 };
  const counters: [string, number][] = [["words", 7]];
  const measures = {
    recordsIn: 1,
    recordsOut: 2,
    bytesIn: 3,
    bytesOut: 4,
    keys: 5,
    spills: 6,
    spilledBytes: 7,
    counters,
  };
  return { type: "committed", ref, outputs: [[0, 1, 1]], skipped: [], sideFiles: [], ...measures };
}

function jobOf(records: readonly JournalRecord[], reducers = 1): OneJob {
  const job = oneJob(jobSettings({ reducers }));
  for (const record of records) restore(job.state, record, 0);
  return job;
}
