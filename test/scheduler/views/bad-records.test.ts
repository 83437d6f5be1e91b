import { describe, expect, it } from "vitest";
import type { JobState } from "../../../src/scheduler/job/job.js";
import { planTasks } from "../../../src/scheduler/job/phases.js";
import { badRecords } from "../../../src/scheduler/views/bad-records.js";
import { noMeasures } from "../../../src/model/measures.js";
import type { RecordPlace } from "../../../src/model/split.js";
import { firstPosition } from "../../../src/model/record-position.js";
import { jobSettings } from "../../support/job-settings.js";
import { oneJob } from "../one-job.js";

const settings = jobSettings({ badRecordsMax: 9 });

/** A job of two committed maps of one file, with these records skipped. */
function jobThatSkipped(...skipped: RecordPlace[][]): JobState {
  const { state } = oneJob(settings);
  const splits = [0, 100].map((startBytes) => [{ file: "f", path: "/f", startBytes, endBytes: startBytes + 100 }]);
  planTasks(state, { app: { name: "app.js", hash: "0", input: "lines" }, args: {}, splits });
  for (const map of state.maps) {
    map.commit = {
      attempt: 3,
      files: undefined,
      skipped: skipped[map.index] ?? [],
      sideFiles: [],
      checksum: undefined,
      done: noMeasures(),
    };
  }
  return state;
}

describe("the bad records of a job", () => {
  it("are the records that committed attempts skipped, in input order, each with its error", () => {
    const state = jobThatSkipped(
      [
        { offset: 10, endOffset: 20 },
        { offset: 70, endOffset: 71 },
      ],
      [{ offset: 110, endOffset: 130 }],
    );
    const error = (message: string) => ({ message });
    state.skipped.push(
      { task: 1, offset: 110, error: error("third") },
      { task: 0, offset: 70, error: error("second") },
      { task: 0, offset: 10, error: error("first") },
    );
    const common = { file: "f", path: "/f", input: "lines" };
    expect(badRecords(state)).toEqual([
      { ...common, task: 0, offset: 10, endOffset: 20, error: error("first") },
      { ...common, task: 0, offset: 70, endOffset: 71, error: error("second") },
      { ...common, task: 1, offset: 110, endOffset: 130, error: error("third") },
    ]);
  });

  it("are named by their own file and offset when a task reads several files", () => {
    const { state } = oneJob(settings);
    const ofTask = ["a", "b.gz", "c"].map((file) => ({ file, path: `/${file}`, startBytes: 0, endBytes: 50 }));
    Object.assign(ofTask[1] ?? {}, { compression: "gzip" });
    planTasks(state, { app: { name: "app.js", hash: "0", input: "lines" }, args: {}, splits: [ofTask] });
    const [map] = state.maps;
    if (map === undefined) throw new Error("there is a map");
    const places = [
      { offset: 3, endOffset: 5 },
      { offset: firstPosition(1) + 70, endOffset: firstPosition(1) + 80 },
      { offset: firstPosition(2), endOffset: firstPosition(2) + 1 },
    ];
    const made = { files: undefined, sideFiles: [], checksum: undefined, done: noMeasures() };
    map.commit = { attempt: 3, skipped: places, ...made };
    const error = { message: "no" };
    for (const { offset } of places) state.skipped.push({ task: 0, offset, error });
    const common = { input: "lines", task: 0, error };
    expect(badRecords(state)).toEqual([
      { ...common, file: "a", path: "/a", offset: 3, endOffset: 5 },
      { ...common, file: "b.gz", path: "/b.gz", compression: "gzip", offset: 70, endOffset: 80 },
      { ...common, file: "c", path: "/c", offset: 0, endOffset: 1 },
    ]);
  });

  it("do not include one that was mapped after all, by an attempt that had begun before", () => {
    const state = jobThatSkipped([], []);
    state.skipped.push({ task: 0, offset: 10, error: { message: "no" } });
    expect(badRecords(state)).toEqual([]);
  });

  it("are none before the job is planned", () => {
    expect(badRecords(oneJob(settings).state)).toEqual([]);
  });
});
