/** What an app may have around `map` and `reduce`: `setup` and `teardown`. */
import { describe, expect } from "vitest";
import { linesOf, test, type Place } from "./programs.js";

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
  test("may count in the mapper: each attempt has its own counts, and only those that commit are emitted", async ({
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

  test("fail the job with their own error, and no record is left out for it", async ({ place }) => {
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

  test("are ended by the attempt timeout when they do not end", async ({ place }) => {
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

/** Says something in each task, and fails in map task 0 in the way that `--arg how=…` says. */
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
  test("is marked with the task, and is no result of mr run", async ({ place }) => {
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
      // Of errors the first is shown, of crashes the last.
      const attempt = how === "exit" ? 2 : 1;
      const output = ["mapping a.txt", `attempt ${attempt}`, "a warning", "a note", "unfinished"];
      expect(failed.stderr).toContain(`its last output:\n${output.map((line) => `    ${line}\n`).join("")}`);
    });
  }
});
