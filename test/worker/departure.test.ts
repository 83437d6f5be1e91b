import { describe, expect } from "vitest";
import { test, until, type Place } from "../end-to-end/programs.js";
import { stuckIn, writeStuckApp } from "../end-to-end/test-apps.js";
import { FakeCoordinator } from "./fake-coordinator.js";

/** A worker in the middle of a map: it waits for a file named `go`, or computes forever. */
async function startMap(place: Place, how: "gate" | "loop", options: readonly string[] = []) {
  const app = writeStuckApp(place, "kind === 'map'");
  place.write("in.txt", "ab");
  const coordinator = await FakeCoordinator.start(place, { args: { how } });
  const worker = place.start("mr-worker", ["--quiet", ...options, app]);
  coordinator.assignMap(place, "in.txt");
  await stuckIn(place);
  return { coordinator, worker };
}

describe.concurrent("a worker that gets SIGTERM", () => {
  test("finishes its attempt, reports that it leaves, and takes no other", async ({ place }) => {
    const { coordinator, worker } = await startMap(place, "gate");
    worker.signal("SIGTERM");
    // It is alive, and sends heartbeats.
    const heartbeats = coordinator.paramsOf("Heartbeat").length;
    await coordinator.heard("Heartbeat", heartbeats + 2);
    coordinator.assignMap(place, "in.txt", 1);
    place.write("go", "");
    expect(await worker.exit()).toMatchObject({ code: 143, stderr: "" });
    expect(coordinator.paramsOf("NotifyTaskCompletion")).toMatchObject([{ leaving: true, outcome: { type: "done" } }]);
    expect(place.files("out")).toEqual(["out/mr-0-0"]);
    await coordinator.end({ says: false });
    place.leavesFiles = true;
  });

  test("leaves at once when it waits for a task", async ({ place }) => {
    const coordinator = await FakeCoordinator.start(place);
    const worker = place.start("mr-worker", ["--quiet", "wc"]);
    await coordinator.isAsked();
    worker.signal("SIGTERM");
    expect(await worker.exit()).toMatchObject({ code: 143, stderr: "" });
    await coordinator.end({ says: false });
  });

  test("gives the attempt up when the drain timeout is over, and removes its files", async ({ place }) => {
    const { coordinator, worker } = await startMap(place, "loop", ["--drain-timeout", "200ms"]);
    worker.signal("SIGTERM");
    expect(await worker.exit()).toMatchObject({ code: 143, stderr: "" });
    expect(place.files("out")).toEqual([]);
    expect(coordinator.paramsOf("NotifyTaskCompletion")).toMatchObject([{ outcome: { class: "released" } }]);
    await coordinator.end({ says: false });
  });

  test("reports an attempt that failed meanwhile, and leaves", async ({ place }) => {
    place.write(
      "app.mjs",
      `import { existsSync, writeFileSync } from "node:fs";
      export async function map() {
        writeFileSync("begun-map", "");
        while (!existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 10));
        throw new Error("no");
      }
      export const reduce = () => 1;`,
    );
    place.write("in.txt", "ab");
    const coordinator = await FakeCoordinator.start(place);
    const worker = place.start("mr-worker", ["--quiet", "app.mjs"]);
    coordinator.assignMap(place, "in.txt");
    await until(
      () => place.exists("begun-map"),
      () => "the map",
    );
    worker.signal("SIGTERM");
    const heartbeats = coordinator.paramsOf("Heartbeat").length;
    await coordinator.heard("Heartbeat", heartbeats + 2);
    place.write("go", "");
    expect(await worker.exit()).toMatchObject({ code: 143, stderr: "" });
    expect(coordinator.paramsOf("NotifyTaskCompletion")).toMatchObject([
      { leaving: true, outcome: { class: "error" } },
    ]);
    await coordinator.end({ says: false });
  });

  for (const second of ["SIGTERM", "SIGINT"] as const) {
    test(`gives the attempt up, in good order, when ${second} follows`, async ({ place }) => {
      const { coordinator, worker } = await startMap(place, "loop", ["--drain-timeout", "1d"]);
      worker.signal("SIGTERM");
      const heartbeats = coordinator.paramsOf("Heartbeat").length;
      await coordinator.heard("Heartbeat", heartbeats + 2);
      expect(worker.isRunning).toBe(true);
      worker.signal(second);
      expect(await worker.exit()).toMatchObject({ code: second === "SIGTERM" ? 143 : 130 });
      expect(coordinator.paramsOf("NotifyTaskCompletion")).toMatchObject([{ outcome: { class: "released" } }]);
      expect(place.files("out")).toEqual([]);
      await coordinator.end({ says: false });
    });
  }
});

describe.concurrent("a worker that gets SIGINT", () => {
  for (const how of ["gate", "loop"] as const) {
    test(`gives up the attempt that it runs and removes its files: ${how}`, async ({ place }) => {
      const { coordinator, worker } = await startMap(place, how);
      worker.signal("SIGINT");
      expect(await worker.exit()).toMatchObject({ code: 130, stderr: "" });
      expect(place.files("out")).toEqual([]);
      expect(coordinator.paramsOf("NotifyTaskCompletion")).toMatchObject([{ outcome: { class: "released" } }]);
      await coordinator.end({ says: false });
    });
  }
});
