/** What an app may have besides `map` and `reduce`: `setup` and `teardown`, output, side files, files to read. */
import { describe, expect } from "vitest";
import { expectRefusal, linesOf, stagedIn, test, type Place } from "./programs.js";

/** Counts words in the mapper (in-mapper combining), and the keys of a reduce task. */
const combiner = `
export const input = "lines";
let counts;
export async function setup(ctx) {
  await null;
  counts = ctx.kind === "map" ? new Map() : 0;
}
export function map(file, line, ctx) {
  if (ctx.task === 1 && ctx.attempt < 3 && counts.size > 2) throw new Error("tried again");
  for (const word of line.split(" ")) counts.set(word, (counts.get(word) ?? 0) + 1);
}
export function reduce(word, sums) {
  counts += 1;
  return sums.reduce((sum, n) => sum + n);
}
export async function teardown(ctx) {
  await null;
  if (ctx.kind === "map") for (const [word, n] of counts) ctx.emit(word, n);
  else ctx.emit("(keys)", counts);
}`;

function writeTexts(place: Place): string[] {
  return ["a b a\nc a\n", "b d e\na b\n", "c\nc c\n"].map((text, n) => place.write(`in-${n}.txt`, text));
}

describe.concurrent("setup and teardown", () => {
  test("may count in the mapper: each attempt has its own counts, and only committed attempts emit them", async ({
    place,
  }) => {
    const app = place.write("combiner.mjs", combiner);
    const inputs = writeTexts(place);
    const ended = await place.succeed("mr", ["run", "-w", "1", "-r", "1", "--json", app, ...inputs]);
    expect(linesOf(place.read("mr-output/mr-out-0"))).toEqual(["a 4", "b 3", "c 4", "d 1", "e 1", "(keys) 5"]);
    const { map, attempts } = JSON.parse(ended.stdout) as { map: { recordsOut: number }; attempts: { failed: number } };
    expect({ pairs: map.recordsOut, failed: attempts.failed }).toEqual({ pairs: 8, failed: 2 });
    await place.succeed("mr", ["sequential", "-r", "1", "-o", "seq", combinerWithoutError(place), ...inputs]);
    expect(place.read("seq/mr-out-0")).toBe(place.read("mr-output/mr-out-0"));
  });

  test("fail the job with their own error, and no record is skipped for it", async ({ place }) => {
    const app = place.write(
      "broken.mjs",
      `export const input = "lines";
      export const setup = (ctx) => { if (ctx.kind === "map") throw new RangeError("no dictionary"); };
      export const map = (file, line, ctx) => ctx.emit(line, 1);
      export const reduce = (key, values) => values.length;`,
    );
    const inputs = writeTexts(place);
    const failed = await place.run("mr", ["run", "-w", "2", "--skip-bad-records", "5", app, ...inputs]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/the job failed: map task \d \(in-\d\.txt\): RangeError: no dictionary/);
    expect(failed.stderr).toContain("4 attempts failed");
    expect(failed.stderr).not.toMatch(/record/);
  });

  test("are ended by the attempt timeout when they hang", async ({ place }) => {
    const app = place.write(
      "stuck.mjs",
      `export const map = (file, text, ctx) => ctx.emit(file, 1);
      export const reduce = (key, values) => values.length;
      export const teardown = (ctx) => ctx.kind === "reduce" && new Promise(() => setInterval(() => 0, 1000));`,
    );
    const [input = ""] = writeTexts(place);
    const limits = ["--attempt-timeout", "200ms", "--max-attempts", "1"];
    const failed = await place.run("mr", ["run", "-w", "1", "-r", "1", ...limits, app, input]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("the job failed: reduce task 0: the app did not end setup or teardown for 0.2s");
  });
});

function combinerWithoutError(place: Place): string {
  return place.write("combiner-as-it-is.mjs", combiner.replace("ctx.attempt < 3", "false"));
}

/** Prints something in each task, and fails in map task 0 in the way that `--arg how=…` says. */
const talker = `
console.log("loaded");
export async function map(file, text, ctx) {
  console.log("mapping", file + "\\nattempt " + ctx.attempt);
  console.error("a warning");
  ctx.log("a note");
  process.stdout.write("unfinished");
  ctx.emit(file, 1);
  if (ctx.task !== 0) return;
  if (ctx.args.how === "throw") throw new Error("wrong");
  if (ctx.args.how === "exit") process.exit(3);
  if (ctx.args.how === "loop") for (;;);
}
export const reduce = (key, values, ctx) => { console.log("reducing"); return 1; };`;

describe.concurrent("what an app writes", () => {
  test("is marked with the task, and is not a result of mr run", async ({ place }) => {
    const app = place.write("talker.mjs", talker);
    const inputs = [place.write("a.txt", "a"), place.write("b.txt", "b")];
    const ended = await place.succeed("mr", ["run", "-w", "1", "-r", "1", "-q", app, ...inputs]);
    expect(ended.stdout).toBe("");
    const said = (task: number, file: string) =>
      ["mapping " + file, "attempt 1", "a warning", "a note", "unfinished"].map((line) => `[map ${task}] ${line}`);
    const expected = ["loaded", ...said(0, "a.txt"), ...said(1, "b.txt"), "[reduce 0] reducing", "[reduce 0] reducing"];
    expect(linesOf(ended.stderr).sort()).toEqual(expected.sort());
    const alone = await place.succeed("mr", ["sequential", "-r", "1", "-q", app, ...inputs]);
    expect([...linesOf(alone.stdout), ...linesOf(alone.stderr)].sort()).toEqual(expected);
  });

  for (const [how, error] of [
    ["throw", "Error: wrong"],
    ["exit", "the thread of the app ended with exit code 3"],
    ["loop", "the app finished no record for 0.2s"],
  ] as const) {
    test(`is shown when the job fails of it (${how})`, async ({ place }) => {
      const app = place.write("talker.mjs", talker);
      const inputs = [place.write("a.txt", "a"), place.write("b.txt", "b")];
      const limits = ["--max-attempts", "2", "--max-crashes", "2", "--attempt-timeout", "200ms"];
      const failed = await place.run("mr", ["run", "-w", "1", ...limits, "--arg", `how=${how}`, app, ...inputs]);
      expect(failed.code).toBe(1);
      expect(failed.stderr).toContain(`the job failed: map task 0 (a.txt): ${error}`);
      // The first error is shown, but the last crash.
      const attempt = how === "exit" ? 2 : 1;
      const output = ["mapping a.txt", `attempt ${attempt}`, "a warning", "a note", "unfinished"];
      expect(failed.stderr).toContain(`its last output:\n${output.map((line) => `    ${line}\n`).join("")}`);
    });
  }
});

/**
 * Writes side files in each task. Attempt 1 of map 0 throws after writing. With `--arg lose=yes` the files of map 1 are
 * lost once, and its next attempt has no side file `more`. With `--arg fail=yes` reduces throw until there is a file
 * `fixed`.
 */
const sideWriter = `
import { existsSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
export function map(file, text, ctx) {
  const log = ctx.sideFile("log.txt");
  log.write(file + " attempt ");
  log.write(Buffer.from(ctx.attempt + "\\n"));
  if (ctx.attempt === 1) writeFileSync(ctx.sideFile("more").path, text);
  if (ctx.task === 0 && ctx.attempt === 1 && ctx.args.alone !== "yes") throw new Error("not yet");
  ctx.emit(file, text);
}
export function setup(ctx) {
  if (ctx.kind !== "reduce") return;
  if (ctx.args.fail === "yes" && !existsSync("fixed")) throw new Error("reduces no more");
  const directory = dirname(ctx.sideFile("x").path);
  const lose = ctx.args.lose === "yes" && ctx.attempt === 1;
  if (lose) unlinkSync(join(directory, "mr-1-" + ctx.task));
}
export const reduce = (key, values, ctx) => ctx.sideFile("keys").write(key + "\\n");
`;

function writeSideJob(place: Place): string[] {
  return [place.write("side.mjs", sideWriter), place.write("a.txt", "A"), place.write("b.txt", "B")];
}

function sideFilesIn(place: Place, directory: string): Record<string, string> {
  const names = place.files(directory).filter((name) => name.includes("mr-side"));
  return Object.fromEntries(names.map((name) => [name.slice(directory.length + 1), place.read(name)]));
}

describe.concurrent("side files", () => {
  test("belong to the attempts that commit, and to this job", async ({ place }) => {
    const job = writeSideJob(place);
    place.write("mr-output/mr-side-map-7-old", "of an earlier job");
    const ended = await place.succeed("mr", ["run", "-w", "2", "-r", "1", "--json", ...job]);
    const expected = {
      "mr-side-map-0-log.txt": "a.txt attempt 2\n",
      "mr-side-map-1-log.txt": "b.txt attempt 1\n",
      "mr-side-map-1-more": "B",
      "mr-side-reduce-0-keys": "a.txt\nb.txt\n",
    };
    expect(sideFilesIn(place, "mr-output")).toEqual(expected);
    expect((JSON.parse(ended.stdout) as { sideFiles: string[] }).sideFiles).toEqual(Object.keys(expected));
    expect(ended.stderr).toContain("mr-output/mr-out-0 (and 4 mr-side-*)");
    place.write("seq/mr-side-map-7-old", "of an earlier job");
    await place.succeed("mr", ["sequential", "-r", "1", "-o", "seq", "--arg", "alone=yes", ...job]);
    expect(sideFilesIn(place, "seq")).toEqual({
      ...expected,
      "mr-side-map-0-log.txt": "a.txt attempt 1\n",
      "mr-side-map-0-more": "A",
    });
  });

  test("of a map that runs again come only from its last run", async ({ place }) => {
    const job = writeSideJob(place);
    await place.succeed("mr", ["run", "-w", "1", "-r", "1", "--arg", "lose=yes", ...job]);
    expect(sideFilesIn(place, "mr-output")).toEqual({
      "mr-side-map-0-log.txt": "a.txt attempt 2\n",
      "mr-side-map-1-log.txt": "b.txt attempt 2\n",
      "mr-side-reduce-0-keys": "a.txt\nb.txt\n",
    });
  });

  test("are gone when the job fails, and are made again when a resumed job lacks them", async ({ place }) => {
    const job = ["-w", "1", "-r", "1", "--max-attempts", "2", ...writeSideJob(place)];
    const failed = await place.run("mr", ["run", "--arg", "fail=yes", ...job]);
    expect(failed.code).toBe(1);
    expect(place.files("mr-output")).toEqual(["mr-output/mr-report.json"]);
    const again = ["--arg", "fail=yes", "--keep-intermediate", ...job];
    await place.run("mr", ["run", ...again]);
    const staged = stagedIn(place, "mr-output", "mr-side-map-1-log.txt");
    expect(place.read(staged)).toBe("b.txt attempt 1\n");
    place.write(staged, "changed");
    place.write("fixed", "");
    await place.succeed("mr", ["run", "--resume", ...again]);
    expect(sideFilesIn(place, "mr-output")).toEqual({
      "mr-side-map-0-log.txt": "a.txt attempt 2\n",
      "mr-side-map-1-log.txt": "b.txt attempt 2\n",
      "mr-side-reduce-0-keys": "a.txt\nb.txt\n",
    });
    place.leavesFiles = true;
  });
});

const stopper = `
import { existsSync, readFileSync, utimesSync } from "node:fs";
let stopWords;
export function setup(ctx) {
  stopWords = new Set(readFileSync(ctx.file("stop"), "utf8").split("\\n"));
  if (ctx.kind === "reduce" && ctx.args.touch === "yes") utimesSync(ctx.file("stop"), 1, 2);
  if (ctx.kind === "reduce" && ctx.args.fail === "yes") throw new Error("reduces fail");
}
export function map(file, text, ctx) {
  for (const word of text.split(/\\s+/)) if (word !== "" && !stopWords.has(word)) ctx.emit(word, 1);
}
export const reduce = (word, ones) => ones.length;
`;

describe.concurrent("--file", () => {
  test("is read by all attempts, by the programs in pair, alone, and in a job that is resumed", async ({ place }) => {
    const job = ["-r", "1", place.write("stopper.mjs", stopper), place.write("in.txt", "a b c a d\n")];
    const [app = "", input = ""] = job.slice(2);
    place.write("words/stop", "a\nd\n");
    place.write("mr-output/mr-out-0", "b\n");
    const stop = ["--file", "words/stop"];
    await place.succeed("mr", ["run", ...stop, "-o", "run", ...job]);
    expect(place.read("run/mr-out-0")).toBe("b 1\nc 1\n");
    await place.succeed("mr", ["sequential", ...stop, "-o", "seq", ...job]);
    expect(place.read("seq/mr-out-0")).toBe(place.read("run/mr-out-0"));
    await place.pair(app, [input], ["-r", "1", "-o", "pair", ...stop]);
    expect(place.read("pair/mr-out-0")).toBe(place.read("run/mr-out-0"));

    const failing = ["run", "--max-attempts", "1", "--keep-intermediate", "--arg", "fail=yes", "-o", "kept"];
    expect((await place.run("mr", [...failing, ...stop, ...job])).code).toBe(1);
    expectRefusal(await place.run("mr", [...failing, "--resume", ...job]), "cannot resume", "it had --file");
    place.write("words/stop", "a\n");
    const changed = await place.run("mr", [...failing, "--resume", ...stop, ...job]);
    expectRefusal(changed, "cannot resume the job in kept: --file stop had 4 bytes, but now has 2");
    place.leavesFiles = true;
  });

  test("ends the job when it changes while the job runs", async ({ place }) => {
    const job = [place.write("stopper.mjs", stopper), place.write("in.txt", "a b c a d\n")];
    const stop = ["--file", `${place.write("words", "a\n")}#stop`];
    const failed = await place.run("mr", ["run", "-r", "1", "--arg", "touch=yes", ...stop, ...job]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(
      /the job failed: reduce task 0: --file stop \(.*\/words\) changed while the job ran: it was modified/,
    );
    place.write("words", "a\n");
    const inProcess = await place.run("mr", ["sequential", "-r", "1", "--arg", "touch=yes", ...stop, ...job]);
    expect(inProcess.code).toBe(1);
    expect(inProcess.stderr).toMatch(
      /^mr sequential: reduce task 0 failed: --file stop \(.*\/words\) changed while the job ran: it was modified/,
    );
  });

  test("is refused when it does not exist or would be cleared away, and nothing is touched", async ({ place }) => {
    const job = [place.write("stopper.mjs", stopper), place.write("in.txt", "a\n")];
    place.write("mr-output/mr-out-0", "b\n");
    const before = place.files();
    for (const command of ["run", "sequential"]) {
      expectRefusal(await place.run("mr", [command, "--file", "no", ...job]), "cannot read --file no: no such file");
      for (const plan of command === "run" ? [["--dry-run"], []] : [[]]) {
        const own = await place.run("mr", [command, ...plan, "--file", "mr-output/mr-out-0#stop", ...job]);
        expectRefusal(own, ": --file stop is in the output directory mr-output and has the name of a job's file");
      }
    }
    expectRefusal(await place.run("mr-coordinator", ["--file", "no", "in.txt"]), "cannot read --file no");
    const unnamed = await place.run("mr", ["run", "-w", "1", "--max-attempts", "1", "-o", "out", ...job]);
    expect(unnamed.stderr).toContain("Error: the job has no --file stop; it has none");
    expect(place.files().filter((name) => !name.startsWith("out/"))).toEqual(before);
  });
});
