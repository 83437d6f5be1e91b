/** `mr-coordinator` is killed or stopped and started again with `--resume`, while its workers stay. */
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { attemptsOf, called, calls, outputOf, writeLoggedApp } from "./logged-app.js";
import { test, until, type Place, type Program } from "./programs.js";

describe.concurrent("a coordinator that is killed and started again", () => {
  for (const [phase, waits, at] of [
    ["map", "kind === 'map' && ctx.task === 2", "map 2 1"],
    ["reduce", "kind === 'reduce' && ctx.task === 1", "reduce 1 1"],
  ] as const) {
    test(`in the middle of ${phase} finds its worker again, which goes on with what it has`, async ({ place }) => {
      const { coordinator, workers, args } = startPair(place, waits, 1);
      await called(place, at);
      await kill(coordinator);
      const again = place.start("mr-coordinator", ["--resume", ...args]);
      await again.says(new RegExp(`resumes ${phase} task`));
      place.write("go", "");
      await expectDone(place, again, workers);
      expect(calls(place)).toEqual(["map 0 1", "map 1 1", "map 2 1", "reduce 0 1", "reduce 1 1"]);
    });

    test(`in the middle of ${phase} finds all its workers again, and nothing that was done is done again`, async ({
      place,
    }) => {
      const { coordinator, workers, args } = startPair(place, waits, 3);
      await called(place, at);
      await coordinator.says("worker w3 joined");
      const done = phase === "map" ? ["map 0", "map 1"] : ["map 0", "map 1", "map 2", "reduce 0"];
      await until(
        () => done.every((task) => committed(place).includes(task)),
        () => `${done.join(" and ")} to be committed`,
      );
      await kill(coordinator);
      const again = place.start("mr-coordinator", ["--resume", ...args]);
      for (const worker of ["w1", "w2", "w3"]) await again.says(`which was ${worker}`);
      place.write("go", "");
      await expectDone(place, again, workers);
      for (const task of done) expect([task, attemptsOf(place, task)]).toEqual([task, 1]);
    });
  }

  test("accepts an attempt that ended while there was no coordinator", async ({ place }) => {
    const { coordinator, workers, args } = startPair(place, "ctx.task === 2", 1);
    await called(place, "map 2 1");
    await kill(coordinator);
    place.write("go", "");
    await until(
      () => place.files("out").some((name) => name.includes(".mr-tmp-") && name.includes("-map-2-1-")),
      () => "the attempt to write its files",
    );
    const again = place.start("mr-coordinator", ["--resume", ...args]);
    await expectDone(place, again, workers);
    expect(attemptsOf(place, "map 2")).toBe(1);
  });

  test("reassigns the task of a worker that died meanwhile", async ({ place }) => {
    const { coordinator, workers, args } = startPair(place, "ctx.task === 2 && ctx.attempt === 1", 1);
    await called(place, "map 2 1");
    await kill(coordinator);
    for (const worker of workers) await kill(worker);
    const again = place.start("mr-coordinator", ["--resume", ...args]);
    const other = place.start("mr-worker", ["--quiet", "logged.mjs"]);
    await expectDone(place, again, [other]);
    expect(calls(place)).toEqual(["map 0 1", "map 1 1", "map 2 1", "map 2 2", "reduce 0 1", "reduce 1 1"]);
  });

  test("finds its worker after a different coordinator was refused in between", async ({ place }) => {
    const { coordinator, workers, args } = startPair(place, "ctx.task === 2", 1);
    await called(place, "map 2 1");
    await kill(coordinator);
    const refused = await place.run("mr-coordinator", ["--resume", ...args, "-r", "5"]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("but this one has 5") as string });
    expect(place.exists("mr.sock")).toBe(true);
    const again = place.start("mr-coordinator", ["--resume", ...args]);
    await again.says(/resumes map task 2/);
    place.write("go", "");
    await expectDone(place, again, workers);
    expect(attemptsOf(place, "map 2")).toBe(1);
  });

  test("twice finds its workers twice", async ({ place }) => {
    const { coordinator, workers, args } = startPair(place, "ctx.task === 2", 1);
    await called(place, "map 2 1");
    await kill(coordinator);
    const second = place.start("mr-coordinator", ["--resume", ...args]);
    await second.says(/resumes map task 2/);
    await kill(second);
    const third = place.start("mr-coordinator", ["--resume", ...args]);
    await third.says(/resumes map task 2/);
    place.write("go", "");
    await expectDone(place, third, workers);
    expect(attemptsOf(place, "map 2")).toBe(1);
  });

  test("without --resume starts over, and its workers give up their attempts and work for it", async ({ place }) => {
    const { coordinator, workers, args } = startPair(place, "ctx.task === 2", 1);
    await called(place, "map 2 1");
    await kill(coordinator);
    const again = place.start("mr-coordinator", args);
    await again.says(/joined/);
    place.write("go", "");
    await expectDone(place, again, workers);
    expect(attemptsOf(place, "map 0")).toBe(2);
  });
});

describe.concurrent("a coordinator that gets SIGTERM", () => {
  test("waits for running tasks, and is resumed with new workers", async ({ place }) => {
    const { coordinator, workers, args } = startPair(place, "ctx.task === 1", 1);
    await called(place, "map 1 1");
    coordinator.signal("SIGTERM");
    await coordinator.says(/stopped by SIGTERM: the running task has 10s to finish/);
    place.write("go", "");
    const { code, stderr } = await coordinator.exit();
    expect(code).toBe(143);
    expect(stderr).toMatch(/2 of 5 tasks are done; to continue, run the same command with --resume\n$/);
    for (const worker of workers) expect((await worker.exit()).stderr).not.toMatch(/internal error| at /);
    const again = place.start("mr-coordinator", ["--resume", ...args]);
    const other = place.start("mr-worker", ["--quiet", "logged.mjs"]);
    await expectDone(place, again, [other]);
    expect(calls(place)).toEqual(["map 0 1", "map 1 1", "map 2 1", "reduce 0 1", "reduce 1 1"]);
  });

  test("stops tasks that take longer than --drain-timeout", async ({ place }) => {
    const { coordinator, workers, args } = startPair(place, "ctx.task === 1", 1, ["--drain-timeout", "100ms"]);
    await called(place, "map 1 1");
    coordinator.signal("SIGTERM");
    expect(await coordinator.exit()).toMatchObject({ code: 143 });
    for (const worker of workers) await worker.exit();
    place.write("go", "");
    const again = place.start("mr-coordinator", ["--resume", ...args]);
    await expectDone(place, again, [place.start("mr-worker", ["--quiet", "logged.mjs"])]);
    expect(attemptsOf(place, "map 0")).toBe(1);
  });

  test("ends at once at a second signal, and can still be resumed", async ({ place }) => {
    const { coordinator, workers, args } = startPair(place, "ctx.task === 1", 1, ["--drain-timeout", "1h"]);
    await called(place, "map 1 1");
    coordinator.signal("SIGTERM");
    await coordinator.says("stopped by SIGTERM");
    coordinator.signal("SIGINT");
    expect(await coordinator.exit()).toMatchObject({ code: 143 });
    for (const worker of workers) await worker.exit();
    place.write("go", "");
    const again = place.start("mr-coordinator", ["--resume", ...args]);
    await expectDone(place, again, [place.start("mr-worker", ["--quiet", "logged.mjs"])]);
    expect(attemptsOf(place, "map 0")).toBe(1);
  });
});

test("a worker that leaves at SIGTERM ends its attempt, and another worker gets its task", async ({ place }) => {
  const { coordinator, workers } = startPair(place, "ctx.task === 2 && ctx.attempt === 1", 1);
  await called(place, "map 2 1");
  workers[0]?.signal("SIGTERM");
  await workers[0]?.exit();
  const other = place.start("mr-worker", ["--quiet", "logged.mjs"]);
  await expectDone(place, coordinator, [other]);
  expect(attemptsOf(place, "map 0")).toBe(1);
});

function startPair(place: Place, waits: string, count: number, options: readonly string[] = []) {
  const app = writeLoggedApp(place, waits);
  const files = [place.write("a.txt", "abc"), place.write("b.txt", "abd"), place.write("c.txt", "bcd")];
  const args = ["-r", "2", "-o", "out", "--backup-tasks", "off", ...files];
  const coordinator = place.start("mr-coordinator", [...options, ...args]);
  const workers = Array.from({ length: count }, () => place.start("mr-worker", ["--quiet", app]));
  return { coordinator, workers, args };
}

async function kill(program: Program): Promise<void> {
  program.signal("SIGKILL");
  await program.exit();
}

/** The tasks that are committed according to the journal. */
function committed(place: Place): string[] {
  const path = join(place.directory, "out/.mr-journal");
  const lines = fs.existsSync(path) ? fs.readFileSync(path, "utf8").split("\n") : [];
  return lines.flatMap((line) => {
    const found = /"committed".*?"kind":"(\w+)","task":(\d+)/.exec(line);
    return found === null ? [] : [`${found[1]} ${found[2]}`];
  });
}

async function expectDone(place: Place, coordinator: Program, workers: readonly Program[]): Promise<void> {
  const { code, stderr } = await coordinator.exit();
  expect({ code, stderr }).toEqual({ code: 0, stderr });
  for (const worker of workers) expect(await worker.exit()).toMatchObject({ code: 0, stdout: "" });
  expect(outputOf(place, "out")).toBe("mr-out-0:\na 2\nc 2\nmr-out-1:\nb 3\nd 2\n");
  expect(place.exists("out/.mr-journal")).toBe(false);
}
