import { describe, expect, test } from "vitest";
import { runSeeds } from "./seeds.js";
import { shrink } from "./shrink.js";
import { simulate } from "./simulation.js";

/** What must have happened, because simulations without faults would prove nothing. */
const happenings = [
  ...["kill worker", "stop worker", "worker leaves", "cut connection", "crash machine", "stop coordinator", "drain"],
  ...["kill coordinator (now)", "kill coordinator (writing)", "kill coordinator (replying)", "abort", "full disk"],
  ...["delete", "flip", "cut", "empty", "another"].map((how) => `damage file (${how})`),
  ...["error", "timeout", "memory", "io", "crash", "fatal"].map((errorClass) => `attempt fails (${errorClass})`),
  ...["loss", "duplication", "reordering"].map((kind) => `bad weather (${kind})`),
  ...["bad record", "slow tasks", "a record is skipped", "a map's files are lost", "a backup begins"],
  ...["an attempt is cancelled", "a worker is presumed dead", "a permission is refused", "a report is stale"],
  ...["a sample is given up", "a map has boundaries"],
  ...["combines are planned", "a combine has a file", "a combine has no file", "a combine is given up"],
  "a combined file is lost",
  ...[
    "an attempt is given back",
    "an attempt outlives its connection",
    "an output is removed while there is no coordinator",
  ],
  ...["the job is done", "the job is failed"],
  ...["two jobs run at once", "an attempt is recalled as its job has ended"],
  ...["the job is done, the other done", "the job is done, the other failed", "the job is failed, the other done"],
];

describe("a simulated cluster", () => {
  test("gives the right answer whatever goes wrong, for a thousand seeds", () => {
    const { failures, counts, summary } = runSeeds(1, 1000);
    console.log(summary);
    expect(failures, "run one of them with npm run sim -- --seed <n>").toEqual([]);
    expect(happenings.filter((what) => (counts.get(what) ?? 0) === 0)).toEqual([]);
  });

  test("makes a missing map output again when a job without reduce tasks is resumed", () => {
    const { failures, counts } = runSeeds(1644, 1);
    expect(failures).toEqual([]);
    expect(counts.get("an output is removed while there is no coordinator")).toBe(1);
  });

  test("forgives an attempt that outlived its coordinator for reaching a record that is skipped by now", () => {
    const { failures, counts } = runSeeds(27482, 1);
    expect(failures).toEqual([]);
    expect(counts.get("a record is skipped")).toBe(1);
  });

  test("does the same when it runs again", () => {
    const [first, second] = [1, 2].map(() => {
      const lines: string[] = [];
      simulate(7, { trace: (line) => lines.push(line) });
      return lines;
    });
    expect(first?.length).toBeGreaterThan(20);
    expect(second).toEqual(first);
  });

  test("keeps its other faults when some are left out", () => {
    const { faults } = simulate(7);
    expect(simulate(7, { faults: new Set([1]) }).faults).toEqual(faults);
  });
});

describe("a failure is shrunk", () => {
  test("to the things without which it does not fail", () => {
    expect(shrink(20, (kept) => kept.includes(3) && kept.includes(17))).toEqual([3, 17]);
    expect(shrink(20, (kept) => kept.includes(19))).toEqual([19]);
  });

  test("to nothing when it fails anyway, and not at all when everything is needed", () => {
    expect(shrink(20, () => true)).toEqual([]);
    expect(shrink(5, (kept) => kept.length === 5)).toEqual([0, 1, 2, 3, 4]);
  });
});
