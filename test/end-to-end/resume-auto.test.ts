/** `--resume=auto`, for a script that runs a job again and again without knowing how the last run ended. */
import { describe, expect } from "vitest";
import { encodeRecord } from "../../src/coordinator/journal/journal-lines.js";
import { attemptsOf, called, outputOf, writeLoggedApp } from "./logged-app.js";
import { test, until, type Place } from "./programs.js";

const job = ["-w", "1", "-r", "2", "-o", "out", "logged.mjs", "a.txt", "b.txt"];

/** A job that was killed when its first map task was done. */
async function killedJob(place: Place): Promise<void> {
  writeLoggedApp(place, "kind === 'map' && ctx.task === 1");
  place.write("a.txt", "abcd");
  place.write("b.txt", "ab");
  const run = place.start("mr", ["run", ...job]);
  await called(place, "map 1 1");
  run.signal("SIGKILL");
  await run.exit();
  await until(
    () => place.processes().length === 0,
    () => "the workers to end",
  );
  place.write("go", "");
}

async function expectDone(place: Place): Promise<void> {
  expect(outputOf(place, "out")).toBe("mr-out-0:\na 2\nc 1\nmr-out-1:\nb 2\nd 1\n");
  await place.succeed("mr", ["verify", "out"]);
  expect(place.files("out").filter((name) => name.startsWith("out/."))).toEqual([]);
}

describe.concurrent("--resume=auto", () => {
  test.for([
    { how: "on the command line", args: ["--resume=auto"] },
    { how: "as a variable", args: [], env: { MR_RESUME: "auto" } },
    { how: "in a config file", args: [], config: `{"resume":"auto"}` },
  ])(
    "$how begins a job where there is none, goes on with one that was killed, and begins again",
    async (given, { place }) => {
      const { args, env = {}, config } = given;
      if (config !== undefined) place.write("mr.config.json", config);
      await killedJob(place);
      const resumed = await place.succeed("mr", ["run", ...args, ...job], { env });
      expect(attemptsOf(place, "map 0")).toBe(1);
      expect(resumed.stderr).not.toContain("new job");
      await expectDone(place);
      // It is done: the next run is another job.
      await place.succeed("mr", ["run", ...args, ...job], { env });
      expect(attemptsOf(place, "map 0")).toBe(2);
      await place.succeed("mr", ["run", ...args, ...job.with(5, "elsewhere")], { env });
      await expectDone(place);
    },
  );

  test("begins a new job when the inputs were changed, and says why", async ({ place }) => {
    await killedJob(place);
    place.write("b.txt", "abb");
    const { stderr } = await place.succeed("mr", ["run", "--resume=auto", ...job]);
    expect(stderr).toMatch(
      /mr run: cannot resume the job in out: b\.txt had 2 bytes, but now has 3: a new job begins\n/,
    );
    expect(stderr).not.toContain("--resume would have continued");
    expect(attemptsOf(place, "map 0")).toBe(2);
    expect(outputOf(place, "out")).toBe("mr-out-0:\na 2\nc 1\nmr-out-1:\nb 3\nd 1\n");
  });

  test("of a coordinator begins a new job when its workers run another app", async ({ place }) => {
    await killedJob(place);
    const coordinator = place.start("mr-coordinator", ["--resume=auto", "-r", "2", "-o", "out", "a.txt", "b.txt"]);
    const worker = place.start("mr-worker", ["-q", "wc"]);
    expect(await worker.exit()).toMatchObject({ code: 0, stderr: "" });
    const { code, stderr } = await coordinator.exit();
    expect(code).toBe(0);
    expect(stderr).toMatch(/cannot resume the job in out: .*wc\.js.*logged\.mjs.*: a new job begins/);
    expect((await place.succeed("mr", ["cat", "out"])).stdout).toBe("ab 1\nabcd 1\n");
  });

  test("begins a new job when the journal is of another version, and --resume says what to do", async ({ place }) => {
    await killedJob(place);
    const header = JSON.parse(place.read("out/.mr-journal").split("\n")[0]?.slice(9) ?? "") as object;
    place.write("out/.mr-journal", encodeRecord({ ...header, version: 1 }, 0).line);
    const refused = await place.run("mr", ["run", "--resume", ...job]);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("by another version of mapreduce-ts; leave out --resume to start over") as string,
    });
    const { stderr } = await place.succeed("mr", ["run", "--resume=auto", ...job]);
    expect(stderr).toContain("by another version of mapreduce-ts: a new job begins");
    await expectDone(place);
  });

  test("of a pipeline starts it where there is none, and continues after the finished steps", async ({ place }) => {
    place.write("in.txt", "b a b");
    place.write(
      "fails.mjs",
      `export const map = () => { throw new Error("not yet"); }; export const reduce = () => 1;`,
    );
    const pipeline = ["pipeline", "--resume=auto", "-r", "1", "-o", "out", "wc", "./fails.mjs", "--input", "in.txt"];
    expect(await place.run("mr", pipeline)).toMatchObject({ code: 1 });
    place.write(
      "fails.mjs",
      `export const map = (key, value, ctx) => ctx.emit(key, value); export const reduce = (k, v) => v[0];`,
    );
    const { stderr } = await place.succeed("mr", pipeline);
    expect(stderr).toContain("step 1 of 2 is already done");
    expect((await place.succeed("mr", ["cat", "out"])).stdout).toBe("a 1\nb 2\n");
    await place.succeed("mr", pipeline);
  });
});
