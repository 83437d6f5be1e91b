import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Rates } from "../../src/status/pace.js";
import { progressLine, progressLines } from "../../src/status/progress-text.js";
import { snapshotOf, tasks, workerOf } from "./snapshots.js";

const rates: Rates = { recordsPerSecond: 1_234_567, bytesPerSecond: 34_500_000, leftMs: 72_400 };
const noRates: Rates = { recordsPerSecond: undefined, bytesPerSecond: undefined, leftMs: undefined };
const paint = (_colour: string, text: string) => text;
const troubled = snapshotOf({
  workers: [workerOf("w1"), workerOf("w2", { isSilent: true })],
  attempts: { failed: 1, crashed: 2, backup: 1 },
  recordsSkipped: 1,
});

/** A worker that runs a combine task. */
function combining(id: string, task: number) {
  const ref = { kind: "combine", task, attempt: 1 } as const;
  return workerOf(id, { running: { ref, records: 10, bytes: 0, elapsedMs: 100 } });
}

function linesOf(columns: number, rows = 24, snapshot = snapshotOf(), given = rates) {
  return progressLines(snapshot, given, { columns, rows, paint });
}

describe("on a terminal", () => {
  test("there is a bar for each phase, and further information", () => {
    expect(linesOf(80, 24, troubled)).toEqual([
      "map    ██████░░░░░░░░░░░░░░░░░░ 10/40  1.2M records/s, 34.5 MB/s, 1m 12s left",
      "reduce ░░░░░░░░░░░░░░░░░░░░░░░░   0/8",
      "       2 workers (1 silent), 3 tried again, 1 backup, 1 bad record",
    ]);
  });

  test("the rates are shown at their phase", () => {
    expect(linesOf(80, 24, snapshotOf({ phase: "reduce", maps: tasks(40, 40), reduces: tasks(8, 4) }))).toEqual([
      "map    ████████████████████████ 40/40",
      "reduce ████████████░░░░░░░░░░░░   4/8  1.2M records/s, 34.5 MB/s, 1m 12s left",
      "       2 workers",
    ]);
  });

  test.each([
    [66, "map    ██░░░░░░░░ 10/40  1.2M records/s, 34.5 MB/s, 1m 12s left"],
    [62, "map    ██████░░░░░░░░░░░░░░░░░░ 10/40  34.5 MB/s, 1m 12s left"],
    [52, "map    ██░░░░░░░░ 10/40  34.5 MB/s, 1m 12s left"],
    [40, "map    ██░░░░░░░░ 10/40  1m 12s left"],
    [30, "map    ██░░░░░░░░ 10/40"],
    [20, "map    10/40"],
    [8, "map    "],
  ])("with %d columns something is left out", (columns, first) => {
    expect(linesOf(columns)[0]).toBe(first);
  });

  test("with few rows only the running phase is shown", () => {
    expect(linesOf(80, 4, snapshotOf({ phase: "reduce" }), noRates)).toEqual(["reduce ░░░░░░░░░░░░░░░░░░░░░░░░ 0/8"]);
  });

  test("a job without reduce has one bar", () => {
    expect(linesOf(80, 24, snapshotOf({ reduces: tasks(0, 0) }), noRates)).toEqual([
      "map    ██████░░░░░░░░░░░░░░░░░░ 10/40",
      "       2 workers",
    ]);
  });

  test("before the first worker nothing is known", () => {
    const waiting = snapshotOf({ phase: "waiting", maps: tasks(0, 0), workers: [] });
    expect(linesOf(80, 24, waiting, noRates)).toEqual(["waiting for the first worker"]);
  });

  test("no line is ever longer than the terminal is wide", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 1e6 }),
        fc.record({
          recordsPerSecond: fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }), { nil: undefined }),
          bytesPerSecond: fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }), { nil: undefined }),
          leftMs: fc.option(fc.double({ min: 0, max: 1e10, noNaN: true }), { nil: undefined }),
        }),
        (columns, rows, total, given) => {
          const lines = linesOf(columns, rows, { ...troubled, maps: tasks(total, total - 1) }, given);
          expect(lines.length).toBeLessThan(Math.max(2, rows));
          for (const line of lines) expect(line.length).toBeLessThan(Math.max(2, columns));
        },
      ),
    );
  });
});

describe("in a pipe", () => {
  test.each([
    [
      troubled,
      rates,
      "map 10/40, reduce 0/8, 1.2M records/s, 34.5 MB/s, 1m 12s left, 2 workers (1 silent), 3 tried again, 1 backup, 1 bad record",
    ],
    [snapshotOf(), noRates, "map 10/40, reduce 0/8, 2 workers"],
    [snapshotOf(), { ...noRates, leftMs: 309 }, "map 10/40, reduce 0/8, 1s left, 2 workers"],
    [snapshotOf(), { ...noRates, leftMs: 59_700 }, "map 10/40, reduce 0/8, 1m left, 2 workers"],
    [
      snapshotOf({ reduces: tasks(0, 0) }),
      { ...noRates, recordsPerSecond: 9500 },
      "map 10/40, 9.5k records/s, 2 workers",
    ],
    [snapshotOf({ workers: [workerOf("w1")] }), { ...noRates, recordsPerSecond: 0 }, "map 10/40, reduce 0/8, 1 worker"],
    // Nothing is reduced yet, and the reduce task waits.
    [
      snapshotOf({ phase: "reduce", maps: tasks(40, 40), reduces: tasks(1, 0), workers: [combining("w1", 0)] }),
      { ...noRates, recordsPerSecond: 0, bytesPerSecond: 0 },
      "map 40/40, reduce 0/1, 0 B/s, 1 worker (1 combining)",
    ],
    [
      snapshotOf({
        phase: "reduce",
        workers: [combining("w1", 0), combining("w2", 1), workerOf("w3", { isSilent: true })],
      }),
      noRates,
      "map 10/40, reduce 0/8, 3 workers (2 combining, 1 silent)",
    ],
    [snapshotOf({ phase: "waiting", maps: tasks(0, 0) }), noRates, "waiting for the first worker"],
  ])("all stands in one line", (snapshot, given, line) => {
    expect(progressLine(snapshot, given)).toBe(line);
  });
});
