import { describe, expect, it } from "vitest";
import { lanesOf } from "../../../src/status/page/lanes.js";
import { viewOf } from "../job-views.js";

const span = {
  kind: "map",
  task: 0,
  attempt: 1,
  count: 1,
  startMs: 0,
  endMs: 5,
  isBackup: false,
  records: 1,
  bytes: 1,
} as const;

describe("the lanes of the timeline", () => {
  it("are one per worker, including departed ones, ordered by number", () => {
    const running = { kind: "reduce", task: 3, attempt: 2, startMs: 7, isBackup: true, records: 0, bytes: 0 } as const;
    const worker = { pid: 1, host: "h", isSilent: false, memoryBytes: 0, committed: 0, lost: 0 };
    const view = viewOf({
      elapsedMs: 9,
      workers: {
        list: [
          { id: "w10", ...worker, running },
          { id: "w2", ...worker },
        ],
        omitted: 0,
      },
      timeline: {
        omitted: 0,
        spans: [
          { ...span, worker: "w9", outcome: "committed" },
          { ...span, worker: "w9", outcome: "crash", isBackup: true },
          { ...span, worker: "w9", outcome: "committed", isBackup: true },
          { ...span, worker: "w9", outcome: "cancelled", isBackup: true },
          { ...span, worker: "w9", outcome: "committed", kind: "reduce" },
        ],
      },
    });
    const lanes = lanesOf(view);
    expect(lanes.map(({ worker: id, bars }) => [id, bars.map(({ style }) => style)])).toEqual([
      ["w2", []],
      ["w9", ["map", "failed", "backup", "cancelled", "reduce"]],
      ["w10", ["backup"]],
    ]);
    expect(lanes[2]?.bars).toMatchObject([{ outcome: "running", startMs: 7, endMs: 9, task: 3 }]);
  });
});
