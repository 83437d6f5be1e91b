/**
 * A job in a directory that contains an earlier job's output: that stays complete until the new output is, whatever
 * happens.
 */
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { SmallDisk, whyNoSmallDisk } from "../support/small-disk.js";
import { called, writeLoggedApp } from "./logged-app.js";
import { linesOf, test, until, type Ended, type Place } from "./programs.js";

const inputs = ["a.txt", "b.txt", "c.txt"];

/** Leaves a good output of five files in `out`, and returns everything there. */
async function good(place: Place): Promise<Record<string, string>> {
  for (const name of inputs) place.write(name, "ab abc b\n");
  await place.succeed("mr", ["run", "-q", "-r", "5", "-o", "out", "wc", ...inputs]);
  await place.succeed("mr", ["report", "-q", "out"]);
  return visible(place);
}

/** The contents of `out`, except what only serves to resume a job. */
function visible(place: Place, hasIntermediate = false): Record<string, string> {
  const hidden = hasIntermediate ? /^out\/[.]/ : /^out\/([.]|mr-\d+-\d+)/;
  const names = place.files("out").filter((name) => !hidden.test(name));
  return Object.fromEntries(names.map((name) => [name, place.read(name)]));
}

async function expectGood(place: Place, before: Record<string, string>, hasIntermediate = false): Promise<void> {
  const rest = visible(place, hasIntermediate);
  delete rest["out/mr-failed-report.json"];
  expect(rest).toEqual(before);
  await place.succeed("mr", ["verify", "out"]);
  expect((await place.succeed("mr", ["cat", "out"])).stdout).toBe("ab 3\nabc 3\nb 3\n");
}

async function ended(place: Place): Promise<void> {
  await until(
    () => place.processes().length === 0,
    () => "all processes to end",
  );
}

const failing = `export const input = "lines";
export const map = (file, line, ctx) => { for (const word of line.split(" ")) ctx.emit(word, 1); ctx.sideFile("log").write("x"); };
export const reduce = (word, ones) => { if (word === "b") throw new Error("no b"); return ones.length; };`;

describe.concurrent("the output of an earlier job is unchanged", () => {
  test.for(["run", "sequential"])("when one of mr %s fails", async (how, { place }) => {
    const before = await good(place);
    place.write("failing.mjs", failing);
    for (const reducers of ["1", "2", "7"]) {
      const job = ["-q", "-r", reducers, "-o", "out", "./failing.mjs", ...inputs];
      expect(await place.run("mr", [how, ...job])).toMatchObject({ code: 1 });
      await expectGood(place, before);
    }
    expect(place.exists("out/mr-failed-report.json")).toBe(how === "run");
    const { stderr } = await place.succeed("mr", ["report", "out", "-o", "page.html"]);
    expect(linesOf(stderr)[0]).toBe(
      how === "run" ? "mr report: the last job in out failed: this is its report" : "mr report: wrote page.html",
    );
    await place.succeed("mr", ["run", "-q", "-r", "2", "-o", "out", "wc", ...inputs]);
    expect(Object.keys(visible(place))).toEqual(
      ["mr-manifest.json", "mr-out-0", "mr-out-1", "mr-report.json"].map((name) => `out/${name}`),
    );
  });

  test("when a coordinator with workers of its own fails", async ({ place }) => {
    const before = await good(place);
    place.write("failing.mjs", failing);
    const coordinator = place.start("mr-coordinator", ["-q", "-r", "2", "-o", "out", ...inputs]);
    expect(await place.run("mr-worker", ["-q", "./failing.mjs"])).toMatchObject({ code: 1 });
    expect(await coordinator.exit()).toMatchObject({ code: 1 });
    await expectGood(place, before);
  });

  test.for([
    { how: "run", text: "export const map = ;", code: 2 },
    { how: "sequential", text: "export const map = ;", code: 2 },
    { how: "run", text: "export const map = 1;", code: 2 },
  ])("when the app of mr $how does not load", async ({ how, text, code }, { place }) => {
    const before = await good(place);
    place.write("broken.mjs", text);
    expect(await place.run("mr", [how, "-q", "-o", "out", "./broken.mjs", ...inputs])).toMatchObject({ code });
    await expectGood(place, before);
  });

  test("when a step of a pipeline fails, the first or the last", async ({ place }) => {
    const before = await good(place);
    place.write("failing.mjs", failing.replace('export const input = "lines";\n', ""));
    place.write("first.mjs", failing);
    for (const apps of [
      ["./first.mjs", "top-k"],
      ["wc", "./failing.mjs"],
    ]) {
      const ran = await place.run("mr", ["pipeline", "-q", "-o", "out", ...apps, "--input", ...inputs]);
      expect(ran.code).not.toBe(0);
      const steps = (name: string) => name.startsWith("out/mr-step-");
      const now = Object.fromEntries(Object.entries(visible(place)).filter(([name]) => !steps(name)));
      delete now["out/mr-failed-report.json"];
      expect(now).toEqual(before);
      await place.succeed("mr", ["verify", "out"]);
    }
    place.leavesFiles = true;
  });

  test.for([
    { signal: "SIGINT", waits: "kind === 'reduce' && ctx.task === 1", at: "reduce 1 1", leaves: false },
    { signal: "SIGTERM", waits: "kind === 'reduce' && ctx.task === 1", at: "reduce 1 1", leaves: true },
    { signal: "SIGTERM", waits: "true", at: "map 0 1", leaves: false },
    { signal: "SIGKILL", waits: "kind === 'reduce' && ctx.task === 1", at: "reduce 1 1", leaves: true },
  ] as const)(
    "after $signal at $at, and what was done is gone on with",
    async ({ signal, waits, at, leaves }, { place }) => {
      const before = await good(place);
      const job = ["-w", "1", "-r", "2", "-o", "out", writeLoggedApp(place, waits), "letters.txt"];
      place.write("letters.txt", "abcab");
      const run = place.start("mr", ["run", "--drain-timeout", "100ms", ...job]);
      await called(place, at);
      run.signal(signal);
      expect((await run.exit()).code).not.toBe(0);
      await ended(place);
      await expectGood(place, before);
      expect(place.files("out").filter((name) => name.startsWith("out/."))).toHaveLength(leaves ? 2 : 0);
      place.write("go", "");
      await place.succeed("mr", ["run", "--resume=auto", ...job]);
      expect(Object.keys(visible(place))).toEqual(
        ["mr-manifest.json", "mr-out-0", "mr-out-1", "mr-report.json"].map((name) => `out/${name}`),
      );
      await place.succeed("mr", ["verify", "out"]);
    },
  );

  test("with its intermediate files, if they were kept", async ({ place }) => {
    place.write("failing.mjs", failing);
    for (const name of inputs) place.write(name, "ab abc b\n");
    const wc = ["run", "-q", "-r", "2", "-o", "out", "--keep-intermediate", "wc", ...inputs];
    await place.succeed("mr", wc);
    const before = visible(place, true);
    expect(Object.keys(before).filter((name) => /mr-\d+-\d+$/.test(name)).length).toBeGreaterThan(0);
    expect(await place.run("mr", ["run", "-q", "-r", "2", "-o", "out", "./failing.mjs", ...inputs])).toMatchObject({
      code: 1,
    });
    await expectGood(place, before, true);
    // The next job's files replace them.
    await place.succeed("mr", wc);
    expect(Object.keys(visible(place, true))).toEqual(Object.keys(before));
    await place.succeed("mr", ["run", "-q", "-r", "2", "-o", "out", "wc", ...inputs]);
    expect(Object.keys(visible(place, true)).filter((name) => /mr-\d+-\d+$/.test(name))).toEqual([]);
  });

  test("where a directory blocks a new output", async ({ place }) => {
    const before = await good(place);
    fs.mkdirSync(join(place.directory, "out/mr-out-5"));
    for (const how of ["run", "sequential"]) {
      const { code, stderr } = await place.run("mr", [how, "-q", "-r", "6", "-o", "out", "wc", ...inputs]);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining("mr-out-5 is a directory") as string,
      });
      await expectGood(place, before);
    }
    place.leavesFiles = true;
  });
});

describe.skipIf(whyNoSmallDisk !== undefined)(`a full disk${whyNoSmallDisk ?? ""}`, () => {
  test.for(["run", "sequential"])("leaves the output of the earlier job of mr %s as it was", async (how, { place }) => {
    fs.mkdirSync(join(place.directory, "out"));
    const disk = SmallDisk.mount(join(place.directory, "out"), 512);
    try {
      const before = await good(place);
      disk.fill();
      const job = ["-q", "-r", "2", "-o", "out", "--task-timeout", "100ms", "wc", ...inputs];
      const ran = await place.run("mr", [
        how,
        ...(how === "run" ? job : job.filter((word) => !/task|100ms/.test(word))),
      ]);
      expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining("ENOSPC") as string });
      disk.free();
      await expectGood(place, before);
    } finally {
      await disk.unmount();
    }
  });
});

/** Kills the process at rename number `n` of the publication of an output, counting from 0. */
const killer = `import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
const rename = fs.renameSync;
let left = Number(process.env.MR_TEST_KILL_AT);
fs.renameSync = (from, to) => {
  if (/\\/[.]mr-(old|new)-/.test(to) !== /\\/[.]mr-(old|new)-/.test(from) && !/\\/[.]mr-tmp-/.test(from) && left-- === 0) {
    process.kill(process.pid, "SIGKILL");
  }
  rename(from, to);
};
syncBuiltinESMExports();`;

describe.concurrent("a job that is killed while it publishes its output", () => {
  // 8 old files are removed: manifest, report, page, 5 outputs; 3 or 4 new ones are added.
  for (const how of ["run", "sequential"]) {
    for (const at of [0, 1, 4, 7, 8, 9, 10]) {
      test(`at rename ${at} of mr ${how} leaves one output or the other to the next command`, async ({ place }) => {
        const before = await good(place);
        place.write("killer.mjs", killer);
        const job = ["-q", "-r", "2", "-o", "out", "wc", ...inputs];
        const env = { NODE_OPTIONS: `--import ${place.directory}/killer.mjs`, MR_TEST_KILL_AT: String(at) };
        const killed: Ended = await place.run("mr", [how, ...job], { env });
        expect(killed.code, killed.stderr).toBeNull();
        await ended(place);
        // The workers of mr run complete its publication, unless they are killed in the same way; then readers are
        // told.
        const read = await place.run("mr", ["cat", "out"]);
        if (how === "sequential") {
          expect(read).toMatchObject({
            code: 2,
            stdout: "",
            stderr: expect.stringContaining("is being replaced") as string,
          });
          expect(await place.run("mr", ["verify", "out"])).toMatchObject({ code: 2 });
        } else if (read.code !== 2) expect(read).toMatchObject({ code: 0, stdout: "ab 3\nabc 3\nb 3\n" });
        // Another command, which fails: the output belongs to the killed job.
        place.write("failing.mjs", failing);
        expect((await place.run("mr", ["run", "-q", "-o", "out", "./failing.mjs", ...inputs])).code).toBe(1);
        const now = visible(place);
        delete now["out/mr-failed-report.json"];
        expect(Object.keys(now).filter((name) => name.includes("mr-out-"))).toEqual(["out/mr-out-0", "out/mr-out-1"]);
        expect(now).not.toEqual(before);
        await place.succeed("mr", ["verify", "out"]);
        expect(place.files("out").filter((name) => name.startsWith("out/."))).toEqual([]);
      });
    }
  }

  test("is done when it is resumed", async ({ place }) => {
    await good(place);
    place.write("killer.mjs", killer);
    const job = ["run", "-r", "2", "-o", "out", "wc", ...inputs];
    const env = { NODE_OPTIONS: `--import ${place.directory}/killer.mjs`, MR_TEST_KILL_AT: "9" };
    await place.run("mr", job, { env });
    await ended(place);
    const { stderr } = await place.succeed("mr", [...job, "--resume"]);
    expect(stderr).toContain("out/mr-out-0");
    await place.succeed("mr", ["verify", "out"]);
    expect(place.files("out").filter((name) => name.startsWith("out/."))).toEqual([]);
    expect(await place.run("mr", [...job, "--resume"])).toMatchObject({ code: 2 });
  });

  test.for([true, false])(
    "keeps its own intermediate files when it is resumed after that: %s",
    async (keepsAgain, { place }) => {
      for (const name of inputs) place.write(name, "ab abc b\n");
      const job = ["run", "-r", "2", "-o", "out", "wc", ...inputs];
      await place.succeed("mr", [...job, "--keep-intermediate"]);
      const before = Object.keys(visible(place, true));
      expect(before.filter((name) => /mr-\d+-\d+$/.test(name))).not.toEqual([]);
      place.write(
        "killer.mjs",
        `import fs from "node:fs";
        import { syncBuiltinESMExports } from "node:module";
        const unlink = fs.unlinkSync;
        fs.unlinkSync = (path) => {
          unlink(path);
          if (path.endsWith("/.mr-publish")) process.kill(process.pid, "SIGKILL");
        };
        syncBuiltinESMExports();`,
      );
      const env = { NODE_OPTIONS: `--import ${place.directory}/killer.mjs` };
      expect((await place.run("mr", [...job, "--keep-intermediate"], { env })).code).toBeNull();
      await ended(place);
      place.leavesFiles = keepsAgain;
      await place.succeed("mr", [...job, "--resume", ...(keepsAgain ? ["--keep-intermediate"] : [])]);
      const isWanted = (name: string) => keepsAgain || !/mr-\d+-\d+$/.test(name);
      expect(Object.keys(visible(place, true))).toEqual(before.filter(isWanted));
      await place.succeed("mr", ["verify", "out"]);
    },
  );
});
