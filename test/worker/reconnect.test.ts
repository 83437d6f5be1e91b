import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { expectRefusal, test, type Place } from "../end-to-end/programs.js";
import { begun, stuckIn, writeStuckApp } from "../end-to-end/test-apps.js";
import { FakeCoordinator } from "./fake-coordinator.js";

/** A worker in the middle of a map that waits for a file named `go`. */
async function startGatedMap(place: Place, options: readonly string[] = []) {
  const app = writeStuckApp(place, "kind === 'map' && ctx.task === 0");
  place.write("in.txt", "ab");
  const coordinator = await FakeCoordinator.start(place, { args: { how: "gate" } });
  const worker = place.start("mr-worker", [...options, app]);
  coordinator.assignMap(place, "in.txt");
  await stuckIn(place);
  return { coordinator, worker };
}

/** The coordinator in place of a killed one. */
function startAnew(place: Place, settings: { id?: string; directory?: string } = {}) {
  return FakeCoordinator.start(place, { args: { how: "gate" }, ...settings });
}

const jobFiles = (place: Place) => place.files("out").map((name) => name.replace(/^out\//, ""));
const isLost = "lost the coordinator; waiting for it to come back";

// A coordinator here leaves its socket, like a killed one.
describe.concurrent("a worker whose coordinator was killed and comes back", () => {
  test("continues the attempt that it keeps, asks again before it commits, and reports it", async ({ place }) => {
    const { coordinator, worker } = await startGatedMap(place);
    await coordinator.kill();
    await worker.says(isLost);
    const second = await startAnew(place);
    second.keepsAttempt = true;
    expect(await second.heard("Register")).toMatchObject({
      former: {
        job: "0a1b",
        worker: "0a1b-w1",
        token: "token of 0a1b-w1",
        attempt: { kind: "map", task: 0, attempt: 1 },
      },
    });
    place.write("go", "");
    expect(await second.success()).toMatchObject({ recordsIn: 1, recordsOut: 2 });
    expect(second.paramsOf("MayCommit")).toEqual([{ worker: "0a1b-w1", ref: { kind: "map", task: 0, attempt: 1 } }]);
    expect(begun(place)).toHaveLength(1);
    await second.end({ says: true });
    expect(await worker.exit()).toMatchObject({ code: 0 });
    expect(jobFiles(place)).toEqual(["mr-0-0"]);
    place.leavesFiles = true;
  });

  test("gives up the attempt that it does not keep, removes its files, and takes the next task", async ({ place }) => {
    const { coordinator, worker } = await startGatedMap(place);
    await coordinator.kill();
    const second = await startAnew(place);
    await second.isAsked();
    expect(jobFiles(place)).toEqual([]);
    second.assignMap(place, "in.txt", 1, 2);
    await second.success();
    expect(second.paramsOf("MayCommit")).toMatchObject([{ ref: { task: 1, attempt: 2 } }]);
    expect(jobFiles(place)).toEqual(["mr-1-0.2"]);
    await second.end({ says: true });
    expect(await worker.exit()).toMatchObject({ code: 0 });
    place.leavesFiles = true;
  });

  test("asks it for the calls of map that the other one was to grant, and begins none meanwhile", async ({ place }) => {
    const app = place.write(
      "app.mjs",
      `import { appendFileSync } from "node:fs";
      export const input = "lines";
      export const concurrency = 4;
      export async function map(file, line, ctx) { appendFileSync("calls", line + "\\n"); ctx.emit(line, 1); }
      export const reduce = (line, ones) => ones.length;`,
    );
    place.write("in.txt", "a\nb\nc\nd\n");
    const coordinator = await FakeCoordinator.start(place, { ratePerSecond: 50 });
    const asked = () => coordinator.paramsOf("RequestStarts").length;
    coordinator.onCall = (called) => (called === "RequestStarts" && asked() === 3 ? coordinator.kill() : undefined);
    const worker = place.start("mr-worker", [app]);
    coordinator.assignMap(place, "in.txt");
    await worker.says(isLost);
    expect(place.read("calls")).toBe("a\nb\n");
    const second = await FakeCoordinator.start(place, { ratePerSecond: 50 });
    second.keepsAttempt = true;
    expect(await second.success()).toMatchObject({ recordsIn: 4, recordsOut: 4 });
    const wanted = { worker: "0a1b-w1", wanted: 1 };
    expect(second.paramsOf("RequestStarts")).toEqual([wanted, wanted]);
    expect(place.read("calls")).toBe("a\nb\nc\nd\n");
    await second.end({ says: true });
    expect(await worker.exit()).toMatchObject({ code: 0 });
    place.leavesFiles = true;
  });

  for (const method of ["MayCommit", "NotifyTaskCompletion"] as const) {
    test(`asks again and commits once when it was lost during ${method}`, async ({ place }) => {
      const { coordinator, worker } = await startGatedMap(place);
      coordinator.onCall = (called) => (called === method ? coordinator.kill() : undefined);
      place.write("go", "");
      await worker.says(isLost);
      const second = await startAnew(place);
      second.keepsAttempt = true;
      await second.success();
      expect(second.paramsOf("MayCommit")).toHaveLength(1);
      expect(jobFiles(place)).toEqual(["mr-0-0"]);
      await second.end({ says: true });
      await worker.exit();
      place.leavesFiles = true;
    });
  }

  test("removes files that it has already renamed when the permission is not granted again", async ({ place }) => {
    const { coordinator, worker } = await startGatedMap(place);
    coordinator.onCall = (called) => (called === "NotifyTaskCompletion" ? coordinator.kill() : undefined);
    place.write("go", "");
    await worker.says(isLost);
    expect(jobFiles(place)).toEqual(["mr-0-0"]);
    const second = await startAnew(place);
    second.keepsAttempt = true;
    second.grants = false;
    await second.isAsked();
    expect(jobFiles(place)).toEqual([]);
    await second.end({ says: true });
    expect(await worker.exit()).toMatchObject({ code: 0 });
  });

  test("does not touch files that a coordinator may have accepted, when it does not keep the attempt", async ({
    place,
  }) => {
    const { coordinator, worker } = await startGatedMap(place);
    coordinator.onCall = (called) => (called === "NotifyTaskCompletion" ? coordinator.kill() : undefined);
    place.write("go", "");
    await worker.says(isLost);
    const second = await startAnew(place);
    await second.isAsked();
    expect(jobFiles(place)).toEqual(["mr-0-0"]);
    await second.end({ says: true });
    await worker.exit();
    place.leavesFiles = true;
  });

  test("works for another job as a new worker, and writes nothing more for the old one", async ({ place }) => {
    const { coordinator, worker } = await startGatedMap(place);
    await coordinator.kill();
    const second = await startAnew(place, { id: "ffff", directory: join(place.directory, "other") });
    // Even if the new coordinator says so: the attempt belongs to a job that it does not have.
    second.keepsAttempt = true;
    await second.isAsked();
    place.write("go", "");
    second.assignMap(place, "in.txt", 7);
    await second.success();
    expect(jobFiles(place)).toEqual([]);
    expect(place.files("other")).toEqual(["other/mr-7-0"]);
    await second.end({ says: true });
    expect(await worker.exit()).toMatchObject({ code: 0 });
    place.leavesFiles = true;
  });

  test("comes back even without an attempt, and says who it was", async ({ place }) => {
    place.write("in.txt", "ab");
    const coordinator = await FakeCoordinator.start(place);
    const worker = place.start("mr-worker", ["wc"]);
    await coordinator.isAsked();
    await coordinator.kill();
    const second = await FakeCoordinator.start(place);
    const { former } = await second.heard("Register");
    expect(former).toEqual({ job: "0a1b", worker: "0a1b-w1", token: "token of 0a1b-w1" });
    await second.isAsked();
    await second.kill();
    const third = await FakeCoordinator.start(place, { id: "cccc" });
    await third.isAsked();
    await third.end({ says: true });
    const { code, stderr } = await worker.exit();
    expect(code).toBe(0);
    expect(stderr.split(isLost)).toHaveLength(3);
  });

  test("lists the inputs of a reduce again when the connection was lost before it had them all", async ({ place }) => {
    const coordinator = await FakeCoordinator.start(place);
    const worker = place.start("mr-worker", ["wc"]);
    coordinator.onCall = (called) => (called === "ListInputs" ? coordinator.kill() : undefined);
    coordinator.assignReduce();
    await worker.says(isLost);
    const second = await FakeCoordinator.start(place);
    second.keepsAttempt = true;
    await second.success();
    expect(jobFiles(place)).toEqual([".mr-new-0a1b-mr-out-0"]);
    place.leavesFiles = true;
    await second.end({ says: true });
    expect(await worker.exit()).toMatchObject({ code: 0 });
  });

  test("ends with the new coordinator's message when that refuses it, and removes the attempt's files", async ({
    place,
  }) => {
    const { coordinator, worker } = await startGatedMap(place, ["--quiet"]);
    await coordinator.kill();
    const second = await startAnew(place);
    second.refusal = "the job is of another app";
    expectRefusal(await worker.exit(), "the job is of another app");
    await second.end({ says: false });
    expect(jobFiles(place)).toEqual([]);
  });
});

describe.concurrent("a worker whose coordinator is lost and does not come back", () => {
  test("ends after the reconnect timeout; only what was accepted stays", async ({ place }) => {
    const app = writeStuckApp(place, "kind === 'map' && ctx.task === 1");
    place.write("in.txt", "ab");
    const coordinator = await FakeCoordinator.start(place, { args: { how: "gate" } });
    const worker = place.start("mr-worker", ["--quiet", "--reconnect-timeout", "300ms", app]);
    coordinator.assignMap(place, "in.txt", 0);
    await coordinator.success();
    coordinator.assignMap(place, "in.txt", 1);
    await stuckIn(place);
    await coordinator.kill();
    const { code, stdout, stderr } = await worker.exit();
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /^mr-worker: the coordinator at .*mr\.sock was lost and has not come back within 300ms: .*--resume\n$/,
      ) as string,
    });
    expect(jobFiles(place)).toEqual(["mr-0-0"]);
    place.leavesFiles = true;
  });

  test("leaves without that wait when the coordinator ended gracefully and its goodbye was lost", async ({ place }) => {
    const { coordinator, worker } = await startGatedMap(place, ["--quiet", "--reconnect-timeout", "1d"]);
    await coordinator.end({ says: false });
    expect(await worker.exit()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^mr-worker: the coordinator at .* is gone; .*\n$/) as string,
    });
    expect(jobFiles(place)).toEqual([]);
  });

  test("treats a coordinator that stops answering as lost, and gives up when it stays so", async ({ place }) => {
    const coordinator = await FakeCoordinator.start(place, { taskTimeoutMs: 300 });
    const worker = place.start("mr-worker", ["--reconnect-timeout", "300ms", "wc"]);
    await coordinator.isAsked();
    coordinator.onCall = () => new Promise(() => undefined);
    const { code, stderr } = await worker.exit();
    expect(code).toBe(1);
    expect(stderr).toContain(isLost);
    expect(stderr).toContain("has not come back");
    // It has connected again.
    expect(coordinator.paramsOf("Register").length).toBeGreaterThan(1);
    await coordinator.end({ says: false });
  });

  test("ends at SIGINT while it waits, and removes the attempt's files", async ({ place }) => {
    const { coordinator, worker } = await startGatedMap(place, ["--reconnect-timeout", "1d"]);
    await coordinator.kill();
    await worker.says(isLost);
    worker.signal("SIGINT");
    expect(await worker.exit()).toMatchObject({ code: 130 });
    expect(jobFiles(place)).toEqual([]);
    expect(existsSync(place.socket)).toBe(true);
    place.leavesFiles = true;
  });
});
