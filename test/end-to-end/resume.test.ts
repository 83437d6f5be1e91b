/** `mr run` is killed or stopped, and run again with `--resume`. */
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { attemptsOf, called, calls, outputOf, writeLoggedApp } from "./logged-app.js";
import { expectRefusal, stagedIn, test, until, type Place, type Program } from "./programs.js";

/** In the order in which a single worker runs them: by input size, and then by position. */
const tasks = ["map 0", "map 1", "map 2", "reduce 0", "reduce 1"];

/** Where a job is killed: the first attempt that waits there, and the tasks that were committed before. */
const moments: Record<string, { waits: string; at: string; done: number }> = {
  "right after it was planned": { waits: "true", at: "map 0 1", done: 0 },
  "in the middle of map": { waits: "ctx.task === 2", at: "map 2 1", done: 2 },
  "between map and reduce": { waits: "kind === 'reduce'", at: "reduce 0 1", done: 3 },
  "in the middle of reduce": { waits: "kind === 'reduce' && ctx.task === 1", at: "reduce 1 1", done: 4 },
};

describe.concurrent("mr run that was killed", () => {
  for (const [moment, { waits, at, done }] of Object.entries(moments)) {
    test(`${moment} goes on with --resume, and what was done is not run again`, async ({ place }) => {
      const args = await killedAt(place, waits, at);
      expect(place.exists("out/.mr-journal")).toBe(true);
      const { stdout } = await goOn(place, args, ["--json"]);
      for (const task of tasks.slice(0, done)) expect([task, attemptsOf(place, task)]).toEqual([task, 1]);
      for (const task of tasks.slice(done)) expect(attemptsOf(place, task)).toBeGreaterThan(0);
      expect(JSON.parse(stdout)).toMatchObject({ phase: "done", mapsLost: 0, map: { recordsIn: 3 } });
      await expectUndisturbedOutput(place);
    });
  }

  test("is resumed as often as it is killed", async ({ place }) => {
    const args = await killedAt(place, "kind === 'map' || ctx.task === 1", "map 0 1");
    place.write("go", "");
    const killedAgain = place.start("mr", ["run", "--resume", ...args]);
    await until(
      () => calls(place).length > 1,
      () => "the second run to begin",
    );
    fs.rmSync(join(place.directory, "go"));
    await kill(place, killedAgain);
    await goOn(place, args);
    await expectUndisturbedOutput(place);
  });

  test("starts over without --resume", async ({ place }) => {
    const args = await killedAt(place, "ctx.task === 2", "map 2 1");
    place.write("go", "");
    await place.succeed("mr", ["run", ...args]);
    for (const task of ["map 0", "map 1"]) expect(attemptsOf(place, task)).toBe(2);
    await expectUndisturbedOutput(place);
  });

  test("reruns maps whose files are gone, short or changed", async ({ place }) => {
    const args = await killedAt(place, "kind === 'reduce'", "reduce 0 1");
    fs.rmSync(join(place.directory, "out/mr-0-0"));
    fs.truncateSync(join(place.directory, "out/mr-1-1"), 3);
    const { stdout } = await goOn(place, args, ["--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ phase: "done", mapsLost: 2 });
    expect(["map 0", "map 1", "map 2"].map((task) => attemptsOf(place, task))).toEqual([2, 2, 1]);
    await expectUndisturbedOutput(place);
  });

  test("makes a missing output again", async ({ place }) => {
    const args = await killedAt(place, "kind === 'reduce' && ctx.task === 1", "reduce 1 1");
    fs.rmSync(join(place.directory, stagedIn(place, "out", "mr-out-0")));
    await goOn(place, args);
    expect(attemptsOf(place, "reduce 0")).toBe(2);
    await expectUndisturbedOutput(place);
  });

  test("can be resumed with a different number of workers", async ({ place }) => {
    const args = await killedAt(place, "ctx.task === 2", "map 2 1");
    await goOn(place, args, ["-w", "3"]);
    expect(["map 0", "map 1"].map((task) => attemptsOf(place, task))).toEqual([1, 1]);
    await expectUndisturbedOutput(place);
  });
});

describe.concurrent("a journal", () => {
  const journal = (place: Place) => join(place.directory, "out/.mr-journal");

  test("cannot be read by other users", async ({ place }) => {
    await killedAt(place, "true", "map 0 1");
    expect(fs.statSync(journal(place)).mode & 0o777).toBe(0o600);
    place.leavesFiles = true;
  });

  test("whose last record is torn loses only that", async ({ place }) => {
    const args = await killedAt(place, "kind === 'reduce'", "reduce 0 1");
    const { size } = fs.statSync(journal(place));
    fs.truncateSync(journal(place), size - 5);
    const { stderr } = await goOn(place, args);
    expect(stderr).not.toMatch(/damaged/);
    for (const task of ["map 0", "map 1", "map 2"]) expect(attemptsOf(place, task)).toBe(1);
    await expectUndisturbedOutput(place);
  });

  test("that is damaged in the middle is used up to there, and the user is told", async ({ place }) => {
    const args = await killedAt(place, "kind === 'reduce'", "reduce 0 1");
    const text = fs.readFileSync(journal(place), "latin1");
    // The record of the second committed map.
    const at = text.indexOf('"committed"', text.indexOf('"committed"') + 1);
    fs.writeFileSync(journal(place), `${text.slice(0, at)}X${text.slice(at + 1)}`, "latin1");
    const { stderr } = await goOn(place, args);
    expect(stderr).toMatch(/the journal in .*out is damaged/);
    expect(["map 0", "map 1", "map 2"].map((task) => attemptsOf(place, task))).toEqual([1, 2, 2]);
    await expectUndisturbedOutput(place);
  });

  for (const [what, length] of [
    ["is empty", 0],
    ["is torn in its first line", 20],
  ] as const) {
    test(`that ${what} holds nothing to resume, and a new job begins without --resume`, async ({ place }) => {
      const args = await killedAt(place, "true", "map 0 1");
      fs.truncateSync(journal(place), length);
      expectRefusal(await place.run("mr", ["run", "--resume", ...args]), "there is nothing to resume", "--resume");
      place.write("go", "");
      await place.succeed("mr", ["run", ...args]);
      await expectUndisturbedOutput(place);
    });
  }
});

describe.concurrent("to resume is refused", () => {
  test("with other inputs, options or another app, and the job can still be resumed", async ({ place }) => {
    const args = await killedAt(place, "ctx.task === 2", "map 2 1");
    const refuse = async (given: readonly string[], ...says: (string | RegExp)[]) => {
      expectRefusal(await place.run("mr", ["run", "--resume", ...given]), ...says);
      expect(place.exists("out/.mr-journal")).toBe(true);
    };
    const [first, second, third] = ["a.txt", "b.txt", "c.txt"] as const;
    const options = args.slice(0, args.indexOf(first));
    await refuse([...options, first, second], /its input c\.txt is missing/);
    await refuse([...options, second, first, third], /its input 1 was a\.txt .* but is now b\.txt/);
    await refuse([...args, place.write("d.txt", "")], /d\.txt was not among its inputs/);
    await refuse(
      ["-r", "3", ...args.filter((arg) => !["-r", "2"].includes(arg))],
      /it had --reducers 2, but this one has 3/,
    );
    await refuse(["--arg", "x=y", ...args], /it had no --arg, but this one has --arg x=y/);
    const other = place.write("other.mjs", `${place.read("logged.mjs")}\n// changed`);
    await refuse(
      args.map((arg) => (arg === "logged.mjs" ? other : arg)),
      /cannot resume the job in out: it ran the app logged\.mjs, but this one runs other\.mjs/,
    );
    await goOn(place, args);
    for (const task of ["map 0", "map 1"]) expect(attemptsOf(place, task)).toBe(1);
    await expectUndisturbedOutput(place);
  });

  test("with an input that has changed since, in any way", async ({ place }) => {
    const args = await killedAt(place, "ctx.task === 2", "map 2 1");
    fs.appendFileSync(join(place.directory, "b.txt"), "x");
    expectRefusal(await place.run("mr", ["run", "--resume", ...args]), /b\.txt had 3 bytes, but now has 4/);
    place.write("b.txt", "dba");
    expectRefusal(await place.run("mr", ["run", "--resume", ...args]), /b\.txt has changed since/);
    place.leavesFiles = true;
  });

  test("where nothing was interrupted, and nothing is created or touched", async ({ place }) => {
    const [first] = inputs(place) as [string];
    const app = writeLoggedApp(place, "false");
    await place.succeed("mr", ["run", "-o", "old", app, first]);
    const before = place.files();
    for (const directory of ["new/deep", "old"]) {
      const refused = await place.run("mr", ["run", "--resume", "-o", directory, app, first]);
      expectRefusal(refused, /there is nothing to resume in .*: no job was interrupted there; leave out --resume/);
    }
    expect(place.files()).toEqual(before);
    expect(place.exists("new")).toBe(false);
  });
});

describe.concurrent("a job whose app was changed", () => {
  /** The logged app with another `reduce`, or with other changes. */
  const change = (place: Place, from: string | RegExp, to: string) => {
    const text = place.read("logged.mjs");
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    place.write("logged.mjs", changed);
  };
  const accepting = ["--accept-changed-app"];

  test("after its reduce had failed keeps its maps with --accept-changed-app", async ({ place }) => {
    const app = writeLoggedApp(place, "false");
    change(place, "return values.length;", "throw new Error('not yet');");
    place.write("go", "");
    const args = ["-w", "1", "-r", "2", "-o", "out", app, ...inputs(place)];
    const failed = await place.run("mr", ["run", "--keep-intermediate", ...args]);
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining("not yet") as string]);
    change(place, "throw new Error('not yet');", "return values.length;");
    expectRefusal(await place.run("mr", ["run", "--resume", ...args]), /logged\.mjs has changed since/);
    const { stderr } = await goOn(place, args, accepting);
    expect(stderr).toMatch(/logged\.mjs has changed since: the job keeps 3 of 3 map tasks/);
    for (const task of ["map 0", "map 1", "map 2"]) expect(attemptsOf(place, task)).toBe(1);
    await expectUndisturbedOutput(place);
  });

  test("in the middle of reduce runs all reduce tasks with the new version", async ({ place }) => {
    const args = await killedAt(place, "kind === 'reduce' && ctx.task === 1", "reduce 1 1");
    change(place, "return values.length;", "return 10 * values.length;");
    await goOn(place, args, accepting);
    for (const task of ["map 0", "map 1", "map 2"]) expect(attemptsOf(place, task)).toBe(1);
    expect(attemptsOf(place, "reduce 0")).toBe(2);
    const changed = outputOf(place, "out");
    fs.rmSync(join(place.directory, "out"), { recursive: true });
    await place.succeed("mr", ["run", ...args]);
    expect(changed).toBe(outputOf(place, "out"));
  });

  test("is refused when its map has changed, too, and can still be resumed", async ({ place }) => {
    const args = await killedAt(place, "kind === 'reduce'", "reduce 0 1");
    change(place, "ctx.emit(letter, 1)", "ctx.emit(letter, 2)");
    const refused = await place.run("mr", ["run", "--resume", ...accepting, ...args]);
    expectRefusal(refused, /cannot resume the job in .*out: logged\.mjs has changed, and so has its map/);
    change(place, "ctx.emit(letter, 2)", "ctx.emit(letter, 1)");
    await goOn(place, args, accepting);
    for (const task of ["map 0", "map 1", "map 2"]) expect(attemptsOf(place, task)).toBe(1);
    await expectUndisturbedOutput(place);
  });

  test("begins anew with --resume=auto when its map has changed, too", async ({ place }) => {
    const args = await killedAt(place, "kind === 'reduce'", "reduce 0 1");
    change(place, "ctx.emit(letter, 1)", "ctx.emit(letter, 1 + 0)");
    place.write("go", "");
    const { stderr } = await place.succeed("mr", ["run", "--resume=auto", ...accepting, ...args]);
    expect(stderr).toMatch(/so has its map.*: a new job begins/);
    for (const task of ["map 0", "map 1", "map 2"]) expect(attemptsOf(place, task)).toBe(2);
    await expectUndisturbedOutput(place);
  });

  test("is accepted by mr-coordinator from its first worker, and no worker with the earlier version after it", async ({
    place,
  }) => {
    const [first] = inputs(place) as [string];
    const app = writeLoggedApp(place, "kind === 'reduce'");
    const earlier = place.write("earlier/logged.mjs", place.read("logged.mjs"));
    const job = ["-r", "2", "-o", "out", "--socket", "s", first];
    const coordinator = place.start("mr-coordinator", job);
    const worker = place.start("mr-worker", [app, "--socket", "s"]);
    await called(place, "reduce 0 1");
    coordinator.signal("SIGKILL");
    worker.signal("SIGKILL");
    await Promise.all([coordinator.exit(), worker.exit()]);
    change(place, "return values.length;", "return 10 * values.length;");
    const next = place.start("mr-coordinator", ["--resume", ...accepting, ...job]);
    const other = place.start("mr-worker", [app, "--socket", "s"]);
    await until(
      () => attemptsOf(place, "reduce 0") === 2,
      () => "the changed app to reduce",
    );
    const late = await place.run("mr-worker", [earlier, "--socket", "s"]);
    expectRefusal(late, /this worker's logged\.mjs differs from the job's/);
    place.write("go", "");
    expect([(await next.exit()).code, (await other.exit()).code]).toEqual([0, 0]);
    expect(attemptsOf(place, "map 0")).toBe(1);
    expect(outputOf(place, "out")).toMatch(/ 10\n/);
  });

  test("is not accepted without --resume", async ({ place }) => {
    const app = writeLoggedApp(place, "false");
    const refused = await place.run("mr", ["run", ...accepting, "-o", "out", app, ...inputs(place)]);
    expectRefusal(refused, /--accept-changed-app applies only with --resume/);
    expect(place.exists("out")).toBe(false);
  });
});

describe.concurrent("mr run at SIGTERM", () => {
  test("lets running tasks finish, starts no others, and says how to continue", async ({ place }) => {
    const { run, args } = await waitingRun(place, "map 1 1", "kind === 'map' && ctx.task === 1");
    run.signal("SIGTERM");
    await run.says("SIGTERM");
    place.write("go", "");
    const { code, stdout, stderr } = await run.exit();
    expect({ code, stdout }).toEqual({ code: 143, stdout: "" });
    expect(stderr).toMatch(
      /mr run: stopped by SIGTERM; 2 of 5 tasks are done; to continue, run the same command with --resume/,
    );
    expect(calls(place)).toEqual(["map 0 1", "map 1 1"]);
    expect(place.files("out").filter((name) => name.includes(".mr-tmp-"))).toEqual([]);
    await goOn(place, args);
    expect(calls(place).slice(2)).toEqual(["map 2 1", "reduce 0 1", "reduce 1 1"]);
    await expectUndisturbedOutput(place);
  });

  test("ends tasks that take longer than --drain-timeout, and they run again", async ({ place }) => {
    const { run, args } = await waitingRun(place, "map 1 1", "ctx.task === 1", ["--drain-timeout", "100ms"]);
    run.signal("SIGTERM");
    const { code, stderr } = await run.exit();
    expect({ code, stderr }).toEqual({ code: 143, stderr: expect.stringContaining("1 of 5 tasks are done") as string });
    await goOn(place, args);
    expect(calls(place)).toEqual(["map 0 1", "map 1 1", "map 1 2", "map 2 1", "reduce 0 1", "reduce 1 1"]);
    await expectUndisturbedOutput(place);
  });

  for (const second of ["SIGTERM", "SIGINT"] as const) {
    test(`ends at once at ${second} after it, and can be resumed all the same`, async ({ place }) => {
      const { run, args } = await waitingRun(place, "map 1 1", "ctx.task === 1", ["--drain-timeout", "1h"]);
      run.signal("SIGTERM");
      await run.says("SIGTERM");
      run.signal(second);
      expect(await run.exit()).toMatchObject({ code: 143, stdout: "" });
      await goOn(place, args);
      expect(attemptsOf(place, "map 0")).toBe(1);
      await expectUndisturbedOutput(place);
    });
  }

  test("leaves nothing when nothing was done", async ({ place }) => {
    const { run } = await waitingRun(place, "map 0 1", "true", ["--drain-timeout", "100ms"]);
    run.signal("SIGTERM");
    const { code, stderr } = await run.exit();
    expect([code, stderr]).toEqual([143, expect.stringMatching(/\nmr run: stopped by SIGTERM\n$/)]);
    expect(place.exists("out")).toBe(false);
  });
});

test("mr run at SIGINT leaves nothing to resume", async ({ place }) => {
  const { run, args } = await waitingRun(place, "reduce 1 1", "kind === 'reduce' && ctx.task === 1");
  run.signal("SIGINT");
  expect(await run.exit()).toMatchObject({ code: 130 });
  expect(place.exists("out")).toBe(false);
  expectRefusal(await place.run("mr", ["run", "--resume", ...args]), "there is nothing to resume");
});

test("a job that has failed can be resumed with --keep-intermediate", async ({ place }) => {
  const app = place.write(
    "later.mjs",
    `import { appendFileSync, existsSync } from "node:fs";
    export function map(name, text, ctx) {
      appendFileSync("calls", ["map", ctx.task, ctx.attempt].join(" ") + "\\n");
      ctx.emit(text, 1);
    }
    export function reduce(key, values) {
      if (!existsSync("table")) throw new Error("there is no table yet");
      return values.length;
    }`,
  );
  const args = ["-w", "1", "-r", "2", "-o", "out", "--keep-intermediate", app, ...inputs(place)];
  const failed = await place.run("mr", ["run", ...args]);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining("there is no table yet") as string });
  place.write("table", "");
  await place.succeed("mr", ["run", "--resume", ...args]);
  expect(calls(place)).toEqual(["map 0 1", "map 1 1", "map 2 1"]);
  expect(place.exists("out/.mr-journal")).toBe(false);
  expect(outputOf(place, "out")).toContain("abc 1\n");
  place.leavesFiles = true;
});

function inputs(place: Place): string[] {
  return [place.write("a.txt", "abc"), place.write("b.txt", "abd"), place.write("c.txt", "bcd")];
}

/** A job that waits in that attempt. */
async function waitingRun(place: Place, attempt: string, waits: string, options: readonly string[] = []) {
  const app = writeLoggedApp(place, waits);
  const files = inputs(place);
  // Rewriting a file would change it.
  const args = ["-w", "1", "-r", "2", "-o", "out", "--backup-tasks", "off", app, ...files];
  const run = place.start("mr", ["run", ...options, ...args]);
  await called(place, attempt);
  return { run, args };
}

/** The arguments of a job that was killed while it waited in that attempt. */
async function killedAt(place: Place, waits: string, attempt: string): Promise<string[]> {
  const { run, args } = await waitingRun(place, attempt, waits);
  await kill(place, run);
  return args;
}

/** Kills `mr run`, and waits until its workers have left. */
async function kill(place: Place, run: Program): Promise<void> {
  run.signal("SIGKILL");
  await run.exit();
  await until(
    () => place.processes().length === 0,
    () => "the workers to end",
  );
}

/** Resumes the job and lets it finish. */
async function goOn(place: Place, args: readonly string[], options: readonly string[] = []) {
  place.write("go", "");
  const ended = await place.succeed("mr", ["run", "--resume", ...args, ...options]);
  expect(place.exists("out/.mr-journal")).toBe(false);
  return ended;
}

/** Requires the same bytes as from an undisturbed run. */
async function expectUndisturbedOutput(place: Place): Promise<void> {
  const log = calls(place);
  await place.succeed("mr", ["sequential", "-r", "2", "-o", "undisturbed", "logged.mjs", "a.txt", "b.txt", "c.txt"]);
  expect(outputOf(place, "out")).toBe(outputOf(place, "undisturbed"));
  expect(outputOf(place, "out")).toBe("mr-out-0:\na 2\nc 2\nmr-out-1:\nb 3\nd 2\n");
  place.write("calls", log.map((call) => `${call}\n`).join(""));
}
