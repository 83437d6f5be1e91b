import { mkdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { playJob } from "./cluster.js";
import { loadScheduler } from "./scheduler-load.js";

const size = { splits: 2000, partitions: 50, workers: 50 };
/** Open files of a process before any connection, including those of Node.js and tsx. */
const openFilesAtRest = 40;
const disturberCount = 3;

const temporary = useTemporaryDirectory();

describe("a coordinator with many workers", () => {
  it("assigns each task once, is resumed after a kill, and is not disturbed by misbehaving clients", async () => {
    const root = temporary.newPath();
    mkdirSync(root);
    const { maps, reduces, left } = await playJob(root, { size, withDisturbers: true });
    expect(maps.workers).toMatchObject({ accepted: { map: 2000, reduce: 0 }, tasks: { map: 2000 } });
    expect(reduces.workers).toMatchObject({ accepted: { map: 0, reduce: 50 }, tasks: { reduce: 50 }, wrongInputs: 0 });
    expect(reduces).toMatchObject({ phase: "done", outputs: 50 });
    expect(left).toEqual(["mr-report.json"]);
    expect(maps.disturbances?.cutOff.flood).toBeGreaterThan(0);
    const openFiles = [...maps.samples, ...reduces.samples].map((sample) => sample.openFiles);
    // A connection that was cut off may still exist for a moment beside its successor.
    expect(Math.max(...openFiles)).toBeLessThanOrEqual(openFilesAtRest + size.workers + 2 * disturberCount);
  });
});

it("the scheduler plays a large job to its end, each task in one attempt", () => {
  const { steps } = loadScheduler({ splits: 5000, partitions: 20, workers: 100 });
  expect(steps["attemptEnded"]?.count).toBe(5020);
  expect(steps["commitAsked"]?.count).toBe(5020);
});
