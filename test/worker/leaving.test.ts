import { describe, expect } from "vitest";
import { found, test, until, type Place } from "../end-to-end/programs.js";
import { stuckIn, writeStuckApp } from "../end-to-end/test-apps.js";
import { FakeCoordinator } from "./fake-coordinator.js";

const ref = { kind: "map", task: 0, attempt: 2 } as const;
const released = { class: "released", message: "its worker was told to leave" };

/** A worker in the middle of a map that keeps a marker of its record. */
async function startMarkedMap(place: Place, how: string, options: readonly string[] = [], job: object = {}) {
  const app = writeStuckApp(place, "kind === 'map'");
  place.write("in.txt", "ab");
  const coordinator = await FakeCoordinator.start(place, { args: { how }, ...job });
  const worker = place.start("mr-worker", ["--quiet", ...options, app]);
  coordinator.assignMap(place, "in.txt", ref.task, ref.attempt, true);
  await stuckIn(place);
  expect(unfinished(place).some((name) => name.endsWith("-record"))).toBe(true);
  return { coordinator, worker };
}

const unfinished = (place: Place) => place.files("out").filter((name) => name.includes(".mr-tmp"));

/** Waits until the connection of the only worker has ended. */
async function isLeft(coordinator: FakeCoordinator): Promise<void> {
  await until(
    () => coordinator.peers.size === 0,
    () => "the worker to leave",
  );
}

describe.concurrent("a worker that is told to leave in the middle of a map", () => {
  for (const how of ["loop", "hang"]) {
    test(`gives it back, and has no marker by then: ${how}`, async ({ place }) => {
      const { coordinator, worker } = await startMarkedMap(place, how);
      let left: string[] | undefined;
      coordinator.onCall = (method) => {
        if (method === "NotifyTaskCompletion") left = unfinished(place);
      };
      worker.signal("SIGINT");
      expect(await coordinator.heard("NotifyTaskCompletion")).toMatchObject({ ref, outcome: released, leaving: true });
      expect(left).toEqual([]);
      expect(await worker.exit()).toMatchObject({ code: 130, stderr: "" });
      await coordinator.end({ says: false });
    });
  }

  test("gives it back when it has not finished it in time", async ({ place }) => {
    const { coordinator, worker } = await startMarkedMap(place, "loop", ["--drain-timeout", "100ms"]);
    worker.signal("SIGTERM");
    expect(await coordinator.heard("NotifyTaskCompletion")).toMatchObject({ ref, outcome: released, leaving: true });
    expect(await worker.exit()).toMatchObject({ code: 143, stderr: "" });
    await coordinator.end({ says: false });
  });

  test("leaves without a reply when the coordinator sends none, and without a marker", async ({ place }) => {
    const { coordinator, worker } = await startMarkedMap(place, "loop");
    coordinator.onCall = () => new Promise(() => undefined);
    worker.signal("SIGINT");
    await isLeft(coordinator);
    expect(unfinished(place)).toEqual([]);
    expect(await worker.exit()).toMatchObject({ code: 130, stderr: "" });
    await coordinator.end({ says: false });
  });

  test("has no marker, either, when a second signal ends it at once", async ({ place }) => {
    const { coordinator, worker } = await startMarkedMap(place, "loop");
    coordinator.onCall = () => new Promise(() => undefined);
    worker.signal("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 20));
    worker.signal("SIGTERM");
    await isLeft(coordinator);
    expect(unfinished(place).filter((name) => name.endsWith("-record"))).toEqual([]);
    await worker.exit();
    await coordinator.end({ says: false });
    place.leavesFiles = true;
  });
});

test("a worker has no marker when it drops a coordinator that has gone silent", async ({ place }) => {
  const { coordinator, worker } = await startMarkedMap(place, "gate", ["--reconnect-timeout", "1h"], {
    taskTimeoutMs: 500,
  });
  coordinator.keepsAttempt = true;
  coordinator.onCall = (method) => (method === "Heartbeat" ? new Promise(() => undefined) : undefined);
  await found(() => coordinator.paramsOf("Register")[1], "the worker to come back");
  expect(unfinished(place).some((name) => name.endsWith("-record"))).toBe(false);
  coordinator.onCall = () => undefined;
  place.write("go", "");
  await coordinator.success();
  await coordinator.end({ says: true });
  await worker.exit();
  place.leavesFiles = true;
});
