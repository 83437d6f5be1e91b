import { describe, expect } from "vitest";
import { linesOf, test, type Place } from "./programs.js";

/** A finished job of `wc`, at the place's socket. */
async function runJob(place: Place): Promise<void> {
  place.write("in.txt", "ab");
  // The note.
  place.leavesFiles = true;
  const coordinator = place.start("mr-coordinator", ["-q", "-r", "1", "in.txt"], runtime(place));
  const worker = place.start("mr-worker", ["-q", "wc"], runtime(place));
  expect(await Promise.all([coordinator.exit(), worker.exit()])).toMatchObject([{ code: 0 }, { code: 0 }]);
}

/** The notes of finished jobs are in the place, too. */
function runtime(place: Place) {
  return { env: { MR_RUNTIME_DIR: place.directory } };
}

function notesIn(place: Place): string[] {
  return place.files().filter((name) => name.endsWith(".done"));
}

describe.concurrent("a worker that starts when the job is done", () => {
  test("leaves with exit code 0 and says so", async ({ place }) => {
    await runJob(place);
    const { code, stdout, stderr } = await place.run("mr-worker", ["--connect-timeout", "1h", "wc"], runtime(place));
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(linesOf(stderr).slice(-2)).toEqual([
      expect.stringMatching(/^mr-worker: the job at .*mr\.sock ended \S+ ago$/),
      "mr-worker: the job is done",
    ]);
  });

  test("works for a coordinator that starts just after it at the same socket", async ({ place }) => {
    await runJob(place);
    const worker = place.start("mr-worker", ["wc"], runtime(place));
    await worker.says("waiting for a coordinator");
    const coordinator = place.start("mr-coordinator", ["-q", "-r", "1", "in.txt"], runtime(place));
    expect(await Promise.all([coordinator.exit(), worker.exit()])).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect((await worker.exit()).stderr).toContain("joined as worker");
    expect(notesIn(place)).toHaveLength(1);
  });

  test.for([
    { why: "it runs another app", args: ["indexer"] },
    { why: "it has other arguments", args: ["--arg", "a=b", "wc"] },
  ])("waits for the next coordinator when $why", async ({ args }, { place }) => {
    await runJob(place);
    const { code, stderr } = await place.run("mr-worker", ["-q", "--connect-timeout", "3s", ...args], runtime(place));
    expect(code).toBe(1);
    expect(stderr).toContain("no coordinator at");
  });
});

test("a job that failed leaves no note that it is done", async ({ place }) => {
  place.write("fails.mjs", "export const map = () => { throw new Error('no'); }; export const reduce = () => 1;");
  await runJob(place);
  expect(notesIn(place)).toHaveLength(1);
  const coordinator = place.start("mr-coordinator", ["-q", "in.txt"], runtime(place));
  await place.run("mr-worker", ["-q", "fails.mjs"], runtime(place));
  expect(await coordinator.exit()).toMatchObject({ code: 1 });
  expect(notesIn(place)).toEqual([]);
});
