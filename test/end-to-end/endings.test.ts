import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { describe, expect } from "vitest";
import { found, test, until, type Place } from "./programs.js";
import { begun, stuckIn, writeStuckApp } from "./test-apps.js";

const codeOf = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Where a job is stuck: with one map done, its files exist; in reduce, so does the unfinished output. */
const where = { map: "kind === 'map' && ctx.task === 0", reduce: "kind === 'reduce'" } as const;

// Each test also checks that nothing is left at its end: see `Place.expectTidy`.
describe.concurrent("mr run", () => {
  for (const [signal, phase, how] of [
    ["SIGINT", "map", "loop"],
    ["SIGINT", "reduce", "loop"],
    ["SIGINT", "map", "hang"],
    ["SIGHUP", "reduce", "hang"],
    ["SIGHUP", "map", "loop"],
  ] as const) {
    test(`ends tidily at ${signal} while a ${phase} ${how === "loop" ? "computes" : "waits"} for ever`, async ({
      place,
    }) => {
      const run = startStuckRun(place, phase, how);
      await stuckIn(place, phase);
      expect(existsSync(place.lockOf("out"))).toBe(true);
      run.signal(signal);
      expectStopped(place, await run.exit(), signal);
      expect(place.exists("out")).toBe(false);
    });
  }

  for (const phase of ["map", "reduce"] as const) {
    test(`ends tidily at Ctrl-C, which all its children get as well, in ${phase}`, async ({ place }) => {
      const run = startStuckRun(place, phase, "loop");
      await stuckIn(place, phase);
      run.signalGroup("SIGINT");
      const ended = await run.exit();
      expectStopped(place, ended, "SIGINT");
      expect(ended.stderr.split("\n").filter((line) => line !== "")).toEqual(["mr run: stopped by SIGINT"]);
    });
  }

  test("ends tidily at Ctrl-C before it has begun", async ({ place }) => {
    const run = startStuckRun(place, "map", "loop");
    await until(
      () => place.workersOfRun().length > 0,
      () => "a worker to start",
    );
    run.signalGroup("SIGINT");
    expect(await run.exit()).toMatchObject({ code: 130, stdout: "" });
    expect(place.exists("out")).toBe(false);
  });

  test("ends at a second signal, even when a worker does not", async ({ place }) => {
    const run = startStuckRun(place, "map", "hang");
    process.kill(await stuckIn(place), "SIGSTOP");
    run.signal("SIGINT");
    // This shows that the first signal has arrived: two at once may arrive in any order, or merge into one.
    await until(
      () => place.workersOfRun().length < 2,
      () => "the other worker to leave",
    );
    run.signal("SIGTERM");
    expectStopped(place, await run.exit(), "SIGINT");
  });

  test("ends tidily when a worker is stopped and receives nothing", async ({ place }) => {
    const run = startStuckRun(place, "map", "loop");
    process.kill(await stuckIn(place), "SIGSTOP");
    run.signal("SIGINT");
    expectStopped(place, await run.exit(), "SIGINT");
  });

  for (const [phase, whom] of [
    ["map", "it alone"],
    ["reduce", "it alone"],
    ["map", "all its children as well"],
    ["reduce", "all its children as well"],
  ] as const) {
    test(`keeps what is done when ${whom} got SIGTERM in ${phase}, for --resume to go on with`, async ({ place }) => {
      const run = startStuckRun(place, phase, "gate", ["--drain-timeout", "300ms"]);
      await stuckIn(place, phase);
      await otherMapIsDone(place);
      if (whom === "it alone") run.signal("SIGTERM");
      else run.signalGroup("SIGTERM");
      expectKept(place, await run.exit());
      place.write("go", "");
      await place.succeed("mr", ["run", "--resume", ...runOptions("gate"), "stuck.mjs", "a.txt", "b.txt"]);
      expect(place.read("out/mr-out-0")).toBe(answer);
    });
  }

  test("gives running tasks the whole --drain-timeout, however often all its children got SIGTERM", async ({
    place,
  }) => {
    const run = startStuckRun(place, "map", "gate", ["--drain-timeout", "1d"]);
    const pid = await stuckIn(place, "map");
    await otherMapIsDone(place);
    run.signalGroup("SIGTERM");
    // One task or both: its files are visible before the coordinator hears about the task.
    await run.says("1d to finish");
    process.kill(pid, "SIGTERM");
    process.kill(pid, "SIGTERM");
    place.write("go", "");
    const ended = await run.exit();
    expectKept(place, ended);
    expect(ended.stderr).toContain("2 of 3 tasks are done");
    expect(begun(place)).toHaveLength(1);
    place.leavesFiles = true;
  });

  for (const phase of ["map", "reduce"] as const) {
    test(`takes its workers, its lock and all that is unfinished with it when it is killed in ${phase}`, async ({
      place,
    }) => {
      const run = startStuckRun(place, phase, "gate");
      await stuckIn(place, phase);
      run.signal("SIGKILL");
      expect(await run.exit()).toMatchObject({ code: null, signal: "SIGKILL" });
      // Finished work stays for a later resume.
      place.leavesFiles = true;
      await place.expectTidy();
      expect(place.files().filter((name) => name.includes(".mr-tmp"))).toEqual([]);
      expect(existsSync(place.lockOf("out"))).toBe(false);
      place.leavesFiles = false;
      place.write("go", "");
      await place.succeed("mr", ["run", "--resume", ...runOptions("gate"), "stuck.mjs", "a.txt", "b.txt"]);
      expect(place.read("out/mr-out-0")).toBe(answer);
      const { length } = begun(place).filter(({ name }) => name.includes(`${phase}-0-1-`));
      expect(length).toBe(1);
    });

    test(`gives the right answer when a worker is killed in ${phase}`, async ({ place }) => {
      const run = startStuckRun(place, phase, "gate");
      process.kill(await stuckIn(place, phase), "SIGKILL");
      await stuckIn(place, new RegExp(`${phase}-\\d+-2-`));
      place.write("go", "");
      expect(await run.exit()).toMatchObject({ code: 0, stdout: "" });
      expect(place.read("out/mr-out-0")).toBe(answer);
    });
  }

  test("is not disturbed by a worker of a killed job that only continues now, in the same directory", async ({
    place,
  }) => {
    const input = place.write("a.txt", "ab");
    const app = writeStuckApp(place, "true");
    const start = (how: string) =>
      place.start("mr", ["run", "-w", "1", "-r", "1", "-o", "out", "--arg", `how=${how}`, app, input]);
    const killed = start("hang");
    const old = await stuckIn(place, "map");
    process.kill(old, "SIGSTOP");
    killed.signal("SIGKILL");
    await until(
      () => !killed.isRunning,
      () => "the killed job to end",
    );
    const run = start("gate");
    await until(
      () => begun(place).length > 1,
      () => "the new job to begin",
    );
    process.kill(old, "SIGCONT");
    await until(
      () => !place.workersOfRun().includes(old),
      () => "the old worker to end",
    );
    place.write("go", "");
    expect(await run.exit()).toMatchObject({ code: 0, stdout: "" });
    expect(place.read("out/mr-out-0")).toBe("a 1\nb 1\n");
  });

  test("continues when only a worker gets SIGTERM, while it loads the app", async ({ place }) => {
    const app = place.write(
      "slow.mjs",
      `import { existsSync, writeFileSync } from "node:fs";
      writeFileSync("loading-" + process.pid, "");
      while (!existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 10));
      export const map = (name, text, ctx) => ctx.emit("k", text);
      export const reduce = (key, values) => values.length;`,
    );
    const run = place.start("mr", ["run", "-w", "2", "-r", "1", "-o", "out", app, ...inputs(place)]);
    const loading = () => place.files().filter((name) => name.startsWith("loading-"));
    const terminated = await found(() => {
      const pids = loading().map((name) => Number(name.split("-")[1]));
      return pids.length < 2 ? undefined : pids.find((pid) => listensTo(pid, constants.signals.SIGTERM));
    }, "two workers to load the app, and one to listen");
    process.kill(terminated, "SIGTERM");
    place.write("go", "");
    expect(await run.exit()).toMatchObject({ code: 0, stdout: "" });
    expect(place.read("out/mr-out-0")).toBe("k 2\n");
    expect(loading()).toHaveLength(2);
  });

  test("says which signal killed a worker, which its connection does not reveal", async ({ place }) => {
    const app = writeStuckApp(place, "kind === 'map' && ctx.task === 0");
    const run = place.start("mr", [
      "run",
      "-w",
      "2",
      "-r",
      "1",
      "-o",
      "out",
      "--arg",
      "how=gate",
      app,
      ...inputs(place),
    ]);
    const killed = await stuckIn(place);
    process.kill(killed, "SIGKILL");
    await run.says(`worker process ${killed} was ended by SIGKILL (out of memory?`);
    place.write("go", "");
    expect(await run.exit()).toMatchObject({ code: 0 });
  });

  test("keeps nothing when it cannot be resumed because its input came through a pipe", async ({ place }) => {
    const app = writeStuckApp(place, "kind === 'map' && ctx.task === 1");
    const args = ["-w", "1", "-o", "out", "--drain-timeout", "100ms", "--arg", "how=gate"];
    place.write("long.txt", "a text that is longer than the other one");
    place.write("short.txt", "short");
    const run = place.start("mr", ["run", ...args, app, "-", "short.txt"], { stdin: "long.txt" });
    await stuckIn(place);
    run.signal("SIGTERM");
    expect(await run.exit()).toMatchObject({
      code: 143,
      stderr: expect.stringMatching(/stopped by SIGTERM\n$/) as string,
    });
    expect(place.exists("out")).toBe(false);
  });

  test("leaves only the output when it succeeds, and replaces only an earlier output", async ({ place }) => {
    place.write("in.txt", "to be");
    place.write("out/notes.txt", "the user's own");
    await place.succeed("mr", ["run", "-r", "3", "-o", "out", "wc", "in.txt"]);
    await place.succeed("mr", ["run", "-r", "2", "-o", "out", "wc", "in.txt"]);
    const made = ["mr-manifest.json", "mr-out-0", "mr-out-1", "mr-report.json"].map((name) => `out/${name}`);
    expect(place.files()).toEqual(["in.txt", ...made, "out/notes.txt"]);
  });
});

describe.concurrent("mr sequential", () => {
  test("has the same limit on counters as a distributed job, and then no output", async ({ place }) => {
    const app = place.write(
      "many.mjs",
      `export function map(file, text, ctx) { for (let n = 0; n < 600; n++) ctx.counter(file + n).add(); ctx.emit("k", 1); }
      export const reduce = () => 1;`,
    );
    place.write("a.txt", "");
    place.write("b.txt", "");
    const { code, stderr } = await place.run("mr", ["sequential", app, "a.txt", "b.txt"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining("a job may have 1000 counters") as string,
    });
    expect(place.exists("mr-output")).toBe(false);
  });

  test("leaves no journal of a stopped job, which would take these outputs for its own", async ({ place }) => {
    place.write("a.txt", "ab");
    place.write("out/.mr-journal", "");
    await place.succeed("mr", ["sequential", "-r", "1", "-o", "out", "wc", "a.txt"]);
    expect(place.files("out")).toEqual(["out/mr-manifest.json", "out/mr-out-0"]);
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    for (const phase of ["map", "reduce"] as const) {
      test(`ends at ${signal} in an endless loop in ${phase}, and what it made goes`, async ({ place }) => {
        place.write("a.txt", "ab");
        place.write("old/mr-out-0", "of an earlier job\n");
        const app = writeStuckApp(place, where[phase]);
        for (const directory of ["old", "new/deep"]) {
          const run = place.start("mr", ["sequential", "-r", "1", "--arg", "how=loop", "-o", directory, app, "a.txt"]);
          await until(
            () => begun(place).some(({ pid }) => pid === run.pid),
            () => "the loop",
          );
          run.signalGroup(signal);
          const { code } = await run.exit();
          expect([null, codeOf[signal as "SIGINT"]]).toContain(code);
          await place.expectTidy();
        }
        expect(place.files("old")).toEqual(["old/mr-out-0"]);
        expect(place.read("old/mr-out-0")).toBe("of an earlier job\n");
        expect(place.exists("new")).toBe(false);
      });
    }
  }
});

describe.concurrent("a coordinator with workers beside it", () => {
  for (const [signal, phase] of [
    ["SIGINT", "map"],
    ["SIGHUP", "reduce"],
  ] as const) {
    test(`ends tidily at ${signal} in ${phase}, and so do its workers`, async ({ place }) => {
      const { coordinator, workers } = startStuckPair(place, phase, "loop");
      await stuckIn(place, phase);
      await coordinator.says("worker w2 joined");
      expect(existsSync(place.socket)).toBe(true);
      coordinator.signal(signal);
      expectStopped(place, await coordinator.exit(), signal);
      for (const worker of workers) {
        const { code, stderr } = await worker.exit();
        expect([code, stderr]).toEqual([1, expect.stringMatching(/mr-worker: the job failed or was stopped\n$/)]);
      }
    });

    test(`is waited for when it is killed in ${phase}; then its workers leave, and only what is finished stays`, async ({
      place,
    }) => {
      const { coordinator, workers } = startStuckPair(place, phase, "loop", ["--reconnect-timeout", "300ms"]);
      await stuckIn(place, phase);
      await coordinator.says("worker w2 joined");
      coordinator.signal("SIGKILL");
      for (const worker of workers) {
        const { code, stderr } = await worker.exit();
        expect({ code, stderr }).toEqual({
          code: 1,
          stderr: expect.stringMatching(
            /^mr-worker: the coordinator .* was lost and has not come back within 300ms: .*\n$/,
          ) as string,
        });
      }
      expect(place.files("out").filter((name) => name.includes(".mr-tmp") || name.includes("mr-out"))).toEqual([]);
      if (phase === "reduce") expect(place.files("out")).toContain("out/mr-0-0");
      // Its socket and its lock remain, because no process is left to remove them. The next one does.
      place.write("go", "");
      await place.pair("stuck.mjs", ["a.txt", "b.txt"], ["-r", "1", "-o", "out"]);
      expect(place.read("out/mr-out-0")).toBe(answer);
    });

    test(`keeps what is done at SIGTERM in ${phase}, and tells its workers that`, async ({ place }) => {
      const { coordinator, workers } = startStuckPair(place, phase, "loop", [], ["--drain-timeout", "300ms"]);
      await stuckIn(place, phase);
      await coordinator.says("worker w2 joined");
      await otherMapIsDone(place);
      coordinator.signal("SIGTERM");
      expectKept(place, await coordinator.exit());
      for (const worker of workers) {
        expect(await worker.exit()).toMatchObject({
          code: 1,
          stderr: "mr-worker: the job was stopped, and can be resumed\n",
        });
      }
      place.leavesFiles = true;
    });

    test(`can be resumed when it is killed in ${phase}, and the attempt that its worker has is not begun anew`, async ({
      place,
    }) => {
      const { coordinator, workers } = startStuckPair(place, phase, "gate", ["--reconnect-timeout", "1d"]);
      const pid = await stuckIn(place, phase);
      await coordinator.says("worker w2 joined");
      // An idle worker would come back first, and also get the task.
      for (const idle of workers.filter((worker) => worker.pid !== pid)) {
        idle.signal("SIGINT");
        await idle.exit();
      }
      coordinator.signal("SIGKILL");
      await coordinator.exit();
      const given = ["--resume", "-r", "1", "-o", "out", "--arg", "how=gate", "a.txt", "b.txt"];
      const second = place.start("mr-coordinator", given);
      await second.says(`resumes ${phase} task 0`);
      place.write("go", "");
      expect(await second.exit()).toMatchObject({ code: 0 });
      expect(place.read("out/mr-out-0")).toBe(answer);
      expect(await workers.find((worker) => worker.pid === pid)?.exit()).toMatchObject({ code: 0, stderr: "" });
      expect(begun(place)).toHaveLength(1);
    });

    test(`can be replaced by one that begins anew when it is killed in ${phase}, and its workers work for that`, async ({
      place,
    }) => {
      const { coordinator, workers } = startStuckPair(place, phase, "gate", ["--reconnect-timeout", "1d"]);
      await stuckIn(place, phase);
      await coordinator.says("worker w2 joined");
      coordinator.signal("SIGKILL");
      await coordinator.exit();
      place.write("go", "");
      const second = place.start("mr-coordinator", ["-r", "1", "-o", "out", "--arg", "how=gate", "a.txt", "b.txt"]);
      expect(await second.exit()).toMatchObject({ code: 0 });
      expect(place.read("out/mr-out-0")).toBe(answer);
      // A worker may come back too late for such a short job.
      for (const worker of workers)
        expect((await worker.exit()).stderr).toMatch(/^(mr-worker: the .* is gone; .*\n)?$/);
    });
  }

  test("ends tidily at a signal before a worker has joined, and leaves an earlier output alone", async ({ place }) => {
    place.write("in.txt", "");
    place.write("mr-out-0", "of an earlier job\n");
    place.write("out/mr-out-1", "of an earlier job\n");
    for (const directory of [".", "out", "new/deep"]) {
      const coordinator = place.start("mr-coordinator", ["-o", directory, "in.txt"]);
      await coordinator.says("listening at");
      coordinator.signal("SIGTERM");
      expect(await coordinator.exit()).toMatchObject({ code: 143, stdout: "" });
    }
    expect(place.files()).toEqual(["in.txt", "mr-out-0", "out/mr-out-1"]);
    expect(place.exists("new")).toBe(false);
  });

  test("ends at once at a second signal, and workers it cannot tell end afterwards", async ({ place }) => {
    const { coordinator, workers } = startStuckPair(place, "map", "hang");
    const pid = await stuckIn(place);
    await coordinator.says("worker w2 joined");
    process.kill(pid, "SIGSTOP");
    coordinator.signal("SIGINT");
    await workers.find((worker) => worker.pid !== pid)?.exit();
    if (coordinator.isRunning) coordinator.signal("SIGINT");
    expect(await coordinator.exit()).toMatchObject({ code: 130 });
    process.kill(pid, "SIGCONT");
    for (const worker of workers) expect(await worker.exit()).toMatchObject({ code: 1 });
    place.leavesFiles = true;
  });

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGKILL", null],
  ] as const) {
    test(`gives the right answer when a worker gets ${signal} in the middle of a map`, async ({ place }) => {
      const { coordinator, workers } = startStuckPair(place, "map", "gate");
      const pid = await stuckIn(place, "map");
      const stopped = workers.find((worker) => worker.pid === pid);
      stopped?.signal(signal);
      expect(await stopped?.exit()).toMatchObject({ code, stdout: "", stderr: "" });
      await stuckIn(place, /map-0-2/);
      place.write("go", "");
      expect(await coordinator.exit()).toMatchObject({ code: 0 });
      expect(place.read("out/mr-out-0")).toBe(answer);
    });
  }
});

describe.concurrent("a worker", () => {
  test("that gets SIGTERM in the middle of a map finishes the map, and the others do the rest", async ({ place }) => {
    const { coordinator, workers } = startStuckPair(place, "map", "gate");
    const pid = await stuckIn(place, "map");
    await coordinator.says("worker w2 joined");
    const draining = workers.find((worker) => worker.pid === pid);
    draining?.signal("SIGTERM");
    place.write("go", "");
    expect(await draining?.exit()).toMatchObject({ code: 143, stdout: "", stderr: "" });
    expect(await coordinator.exit()).toMatchObject({ code: 0 });
    expect(place.read("out/mr-out-0")).toBe(answer);
    expect(begun(place)).toHaveLength(1);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`that waits for a coordinator ends at ${signal}`, async ({ place }) => {
      const worker = place.start("mr-worker", ["--quiet", "wc"]);
      await until(
        () => place.processes().length > 0,
        () => "the worker to start",
      );
      // The process may not handle signals yet, and then simply ends.
      worker.signal(signal);
      const ended = await worker.exit();
      expect([codeOf[signal], null]).toContain(ended.code);
      expect(ended.stderr).toBe("");
    });

    test(`that waits for a task ends at ${signal}`, async ({ place }) => {
      const { coordinator, workers } = startStuckPair(place, "map", "gate");
      const pid = await stuckIn(place, "map");
      const idle = workers.find((worker) => worker.pid !== pid);
      await coordinator.says("worker w2 joined");
      idle?.signal(signal);
      expect(await idle?.exit()).toMatchObject({ code: codeOf[signal], stderr: "" });
      place.write("go", "");
      expect(await coordinator.exit()).toMatchObject({ code: 0 });
    });
  }
});

/** A job with no finished task is not worth keeping. */
async function otherMapIsDone(place: Place): Promise<void> {
  await until(
    () => place.exists("out/mr-1-0"),
    () => "the map that is not stuck to be done",
  );
}

/** The output for the inputs of the stuck jobs, once the gate is open. */
const answer = "a 2\nb 1\nc 1\n";

function inputs(place: Place): string[] {
  return [place.write("a.txt", "ab"), place.write("b.txt", "ac")];
}

/** Whether a process handles a signal, according to the mask that Linux shows. */
function listensTo(pid: number, signal: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
  return ((BigInt(`0x${caught}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

function startStuckRun(place: Place, phase: keyof typeof where, how: string, options: readonly string[] = []) {
  const app = writeStuckApp(place, where[phase]);
  return place.start("mr", ["run", ...runOptions(how), ...options, app, ...inputs(place)]);
}

function runOptions(how: string): string[] {
  return ["-w", "2", "-r", "1", "-o", "out", "--arg", `how=${how}`];
}

function startStuckPair(
  place: Place,
  phase: keyof typeof where,
  how: string,
  ofWorker: readonly string[] = [],
  ofJob: readonly string[] = [],
) {
  const app = writeStuckApp(place, where[phase]);
  const given = ["-r", "1", "-o", "out", "--arg", `how=${how}`, ...ofJob];
  const coordinator = place.start("mr-coordinator", [...given, ...inputs(place)]);
  return { coordinator, workers: [1, 2].map(() => place.start("mr-worker", ["--quiet", ...ofWorker, app])) };
}

function expectStopped(
  place: Place,
  { code, stdout, stderr }: { code: number | null; stdout: string; stderr: string },
  signal: keyof typeof codeOf,
): void {
  expect({ code, stdout, stderr }).toEqual({ code: codeOf[signal], stdout: "", stderr });
  expect(stderr).toContain(`stopped by ${signal}`);
  expect(stderr).not.toMatch(/internal error|\n +at /);
  expect(place.files().filter((name) => !name.startsWith("begun"))).toEqual(["a.txt", "b.txt", "stuck.mjs"]);
}

/** Expects that a job has ended at SIGTERM, leaving only what is needed to resume it. */
function expectKept(place: Place, { code, stdout, stderr }: { code: number | null; stdout: string; stderr: string }) {
  expect({ code, stdout, stderr }).toEqual({ code: codeOf.SIGTERM, stdout: "", stderr });
  expect(stderr).toMatch(
    /stopped by SIGTERM; \d of 3 tasks are done; to continue, run the same command with --resume\n$/,
  );
  expect(place.files("out").filter((name) => !/^out\/mr-\d-0$/.test(name))).toEqual(["out/.mr-journal"]);
}
