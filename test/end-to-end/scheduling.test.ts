import { describe, expect } from "vitest";
import { test, type Place } from "./programs.js";
import { begun, stuckIn, writeStuckApp } from "./test-apps.js";

const quick = ["--task-timeout", "1s"];
const answer = "a 2\nb 1\nc 1\n";

describe.concurrent("a worker that is silent", () => {
  for (const phase of ["map", "reduce"] as const) {
    test(`has its ${phase} done by another one, and ends by itself when it wakes up after the job`, async ({
      place,
    }) => {
      const { coordinator, pid, stopped } = await startWithSilentWorker(
        place,
        `kind === '${phase}' && ctx.task === 0 && ctx.attempt === 1`,
      );
      // The other worker starts only now: its backup attempt might end the job earlier.
      await coordinator.says(/worker w1 was silent for .* presumed dead/);
      const other = place.start("mr-worker", ["--quiet", "stuck.mjs"]);
      expect(await coordinator.exit()).toMatchObject({ code: 0, stdout: "" });
      expect(await other.exit()).toMatchObject({ code: 0, stderr: "" });
      expect(place.read("out/mr-out-0")).toBe(answer);
      const files = place.files();
      process.kill(pid, "SIGCONT");
      expect(await stopped.exit()).toMatchObject({ signal: null, stdout: "" });
      expect(place.files()).toEqual(files);
      expect(place.read("out/mr-out-0")).toBe(answer);
    });
  }

  test("has its task done by another one, and its late result is rejected, but it keeps working", async ({ place }) => {
    // The first two attempts of the first task and the first attempt of the second wait.
    const stuck = "kind === 'map' && (ctx.task === 0 ? ctx.attempt === 1 : true)";
    const { coordinator, pid, stopped } = await startWithSilentWorker(place, stuck);
    const other = place.start("mr-worker", ["--quiet", "stuck.mjs"]);
    await stuckIn(place, /map-1-/);
    await coordinator.says(/worker w1 was silent/);
    process.kill(pid, "SIGCONT");
    await coordinator.says(/worker w1 responds again/);
    place.write("go", "");
    for (const program of [coordinator, stopped, other]) expect(await program.exit()).toMatchObject({ code: 0 });
    expect(place.read("out/mr-out-0")).toBe(answer);
  });

  test("that computes does not count as silent", async ({ place }) => {
    place.write(
      "busy.mjs",
      `export function map(name, text, ctx) {
        // Longer than the timeout, in one go.
        for (const end = Date.now() + 1500; Date.now() < end; );
        ctx.emit("attempt", ctx.attempt);
      }
      export const reduce = (key, values) => values;`,
    );
    place.write("in.txt", "");
    const { stderr } = await place.succeed("mr", ["run", "-w", "1", "-r", "1", ...quick, "busy.mjs", "in.txt"]);
    expect(place.read("mr-output/mr-out-0")).toBe("attempt [1]\n");
    expect(stderr).not.toMatch(/silent/);
  });
});

describe.concurrent("a worker that is stopped after it has committed", () => {
  test("takes nothing back from a job that succeeded without it", async ({ place }) => {
    // It gets a second reduce task, in which it is stopped; the output of its first one is committed.
    const { coordinator, pid, stopped } = await startWithSilentWorker(
      place,
      "kind === 'reduce' && ctx.task === 1 && ctx.attempt === 1",
      2,
    );
    const before = place.files("out").filter((name) => name.includes("mr-out-"));
    expect(before).not.toEqual([]);
    const other = place.start("mr-worker", ["--quiet", "stuck.mjs"]);
    expect(await coordinator.exit()).toMatchObject({ code: 0 });
    expect(await other.exit()).toMatchObject({ code: 0 });
    process.kill(pid, "SIGCONT");
    await stopped.exit();
    expect(place.read("out/mr-out-0") + place.read("out/mr-out-1")).toHaveLength(answer.length);
  });
});

describe.concurrent("a task that is slow", () => {
  for (const [phase, how] of [
    ["map", "loop"],
    ["map", "hang"],
    ["reduce", "loop"],
  ] as const) {
    test(`gets a backup attempt on an idle worker when its ${phase} ${how === "loop" ? "computes" : "waits"} for ever`, async ({
      place,
    }) => {
      const app = writeStuckApp(place, `kind === '${phase}' && ctx.task === 0 && ctx.attempt === 1`);
      const inputs = [place.write("a.txt", "ab"), place.write("b.txt", "ac")];
      const given = ["-w", "2", "-r", "1", "-o", "out", "--json", "--task-timeout", "500ms", "--arg", `how=${how}`];
      const { stdout } = await place.succeed("mr", ["run", ...given, app, ...inputs]);
      const report = JSON.parse(stdout) as { attempts: { backup: number } };
      expect(report.attempts.backup).toBeGreaterThanOrEqual(1);
      expect(place.read("out/mr-out-0")).toBe(answer);
      expect(begun(place)).toHaveLength(1);
    });
  }

  test("gets a backup attempt, and when the first one wins after all, the backup is cancelled and its files are removed", async ({
    place,
  }) => {
    const app = writeStuckApp(
      place,
      "kind === 'map' && ctx.task === 0 && (ctx.attempt === 1 || (ctx.args = { how: 'loop' }))",
    );
    const inputs = [place.write("a.txt", "ab"), place.write("b.txt", "ac")];
    const given = ["-r", "1", "-o", "out", "--keep-intermediate", "--task-timeout", "500ms", "--arg", "how=gate"];
    const coordinator = place.start("mr-coordinator", [...given, ...inputs]);
    const workers = [1, 2].map(() => place.start("mr-worker", ["--quiet", app]));
    await stuckIn(place, /map-0-2/);
    place.write("go", "");
    for (const program of [coordinator, ...workers]) expect(await program.exit()).toMatchObject({ code: 0 });
    expect(place.read("out/mr-out-0")).toBe(answer);
    // The second task may also have got a backup if the machine was slow; the loser's files never become visible.
    const expected = /^out\/mr-(manifest\.json|report\.json|out-0|0-0|1-0(\.\d)?)$/;
    expect(place.files("out").filter((name) => !expected.test(name))).toEqual([]);
    place.leavesFiles = true;
  });
});

/** Starts a job with one worker, which is stopped as soon as it is stuck. */
async function startWithSilentWorker(place: Place, stuck: string, reducers = 1) {
  const app = writeStuckApp(place, stuck);
  const inputs = [place.write("a.txt", "ab"), place.write("b.txt", "ac")];
  const coordinator = place.start("mr-coordinator", [
    ...["-r", String(reducers), "-o", "out", ...quick, "--arg", "how=gate"],
    ...inputs,
  ]);
  const stopped = place.start("mr-worker", ["--quiet", app]);
  const pid = await stuckIn(place);
  process.kill(pid, "SIGSTOP");
  return { coordinator, stopped, pid };
}
