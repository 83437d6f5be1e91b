/** Pipelines: `mr pipeline`, and apps that export steps. */
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { expectRefusal, linesOf, test, until, type Ended, type Place, type StartOptions } from "./programs.js";

/**
 * Three apps, each in its own file: how often each word occurs, how many words occur how often, and all of that in one
 * line. Each logs its calls in a file `calls`. The middle app throws while there is a file `bad`; while there is a file
 * `wait`, it waits for a file `go` in the task whose number the file `wait` contains.
 */
function writeApps(place: Place): string[] {
  const note = `
    import { appendFileSync, existsSync, readFileSync } from "node:fs";
    const note = (text) => appendFileSync("calls", text + "\\n");
    const isAt = (name, ctx) => existsSync(name) && Number(readFileSync(name, "utf8")) === ctx.task;`;
  place.write(
    "count.mjs",
    `${note}
    export function map(file, text, ctx) { note("count " + file); for (const word of text.split(/\\s+/)) if (word) ctx.emit(word, 1); }
    export function reduce(word, ones) { return ones.length; }`,
  );
  place.write(
    "often.mjs",
    `${note}
    export const input = "pairs";
    export async function setup(ctx) {
      if (ctx.kind !== "map") return;
      note("often " + ctx.task);
      while (isAt("wait", ctx) && !existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    export function map(word, count, ctx) {
      if (existsSync("bad")) throw new Error("a bad " + word);
      ctx.emit(String(count), word);
    }
    export function reduce(count, words) { return { count: Number(count), words: words.sort() }; }`,
  );
  place.write(
    "list.mjs",
    `${note}
    export const reducers = 1;
    export function map(count, found, ctx) { note("list " + typeof found.count); ctx.emit("all", found); }
    export function reduce(key, all) {
      return all.sort((a, b) => a.count - b.count).map(({ count, words }) => count + ":" + words.join("+")).join(" ");
    }`,
  );
  place.write("1.txt", "a b c\na b\n");
  place.write("2.txt", "a d e\n");
  return ["pipeline", "count.mjs", "often.mjs", "list.mjs", "-r", "2", "-w", "2", "-o", "out"];
}

const inputs = ["--input", "1.txt", "2.txt"];
const answer = "all 1:c+d+e 2:b 3:a\n";

const calls = (place: Place, begin: string) => linesOf(place.read("calls")).filter((line) => line.startsWith(begin));
const report = ({ stdout }: Ended) => JSON.parse(stdout) as Record<string, unknown>;

describe.concurrent("a pipeline", () => {
  test("gives each app the pairs of the previous one, and leaves the output of the last, and reports", async ({
    place,
  }) => {
    const args = writeApps(place);
    place.write("out/mr-step-7/mr-manifest.json", "of an earlier one, with more steps");
    const { stdout, stderr } = await place.succeed("mr", [...args, "--json", ...inputs]);
    expect(place.read("out/mr-out-0")).toBe(answer);
    expect(place.files("out")).toEqual([
      ...["out/mr-manifest.json", "out/mr-out-0", "out/mr-report.json"],
      ...["out/mr-step-1/mr-report.json", "out/mr-step-2/mr-report.json"],
    ]);
    expect(stderr).toMatch(/^mr pipeline: step 1 of 3 done in .*: 2 map tasks, 2 reduce tasks\n.*\n.*\n.* to step 2\n/);
    expect(stderr).toMatch(/mr pipeline: step 3 of 3 done in .*, 1 reduce task\n/);
    expect(JSON.parse(stdout)).toMatchObject({
      phase: "done",
      app: { name: "list.mjs" },
      outputs: ["mr-out-0"],
      earlierSteps: [
        { app: { name: "count.mjs" }, reduce: { recordsOut: 5 } },
        { app: { name: "often.mjs" }, map: { recordsIn: 5 } },
      ],
    });
    const manifest = JSON.parse(place.read("out/mr-manifest.json")) as { earlierSteps: unknown[] };
    expect(manifest.earlierSteps).toMatchObject([
      { app: { name: "count.mjs" }, inputs: [{ name: "1.txt" }, { name: "2.txt" }], tasks: { map: 2, reduce: 2 } },
      { app: { name: "often.mjs", input: "pairs" }, reduce: { recordsOut: 3 } },
    ]);
    await place.succeed("mr", ["verify", "out"]);
  });

  test("keeps all results of its steps with --keep-intermediate", async ({ place }) => {
    await place.succeed("mr", [...writeApps(place), "--keep-intermediate", ...inputs]);
    const read = (step: number) =>
      place.read(`out/mr-step-${step}/mr-out-0.jsonl`) + place.read(`out/mr-step-${step}/mr-out-1.jsonl`);
    expect(linesOf(read(1)).sort().slice(0, 2)).toEqual(['{"key":"a","value":3}', '{"key":"b","value":2}']);
    expect(linesOf(read(2))).toContain('{"key":"2","value":{"count":2,"words":["b"]}}');
    for (const step of [1, 2]) await place.succeed("mr", ["verify", `out/mr-step-${step}`]);
    place.leavesFiles = true;
  });

  test("may have many steps, without a warning", async ({ place }) => {
    place.write("in.txt", "");
    place.write(
      "app.mjs",
      `const next = { map: (key, value) => [{ key, value: value + 1 }] };
      export const steps = [{ map: () => [{ key: "steps", value: 1 }] }, ...Array(11).fill(next)];`,
    );
    const { stderr } = await place.succeed("mr", ["run", "app.mjs", "-w", "1", "--quiet", "in.txt"]);
    expect(stderr).toBe("");
    expect(place.read("mr-output/mr-out-0")).toBe("steps 12\n");
  });

  test("passes any pair to the next step unchanged", async ({ place }) => {
    // No line of text could keep these apart.
    const pairs = [
      ["", null],
      ["__proto__", { __proto__: null, constructor: [] }],
      ["a b", "1"],
      ["a\nb", [1.5, -0.1, "x\u2028\u0000"]],
      ["\ud800", "\udfff lone"],
      ["\u{1f40b}", { deep: [{ er: true }] }],
    ] as const;
    place.write("in.txt", "");
    place.write(
      "app.mjs",
      `const pairs = ${JSON.stringify(pairs)};
      const same = { reduce: (key, values) => values[0] };
      export const steps = [
        { map: () => pairs.map(([key, value]) => ({ key, value })), ...same },
        { map(key, value, ctx) { ctx.emit(key, value); } },
        { map: (key, value) => [{ key: JSON.stringify(key), value: JSON.stringify(value) }], ...same },
      ];`,
    );
    await place.succeed("mr", ["run", "app.mjs", "-r", "3", "in.txt"]);
    const found = [0, 1, 2].flatMap((task) => linesOf(place.read(`mr-output/mr-out-${task}`)));
    expect(found.sort()).toEqual(pairs.map(([key, value]) => `${JSON.stringify(key)} ${JSON.stringify(value)}`).sort());
  });

  test("of mr sequential gives the same result, and leaves nothing else, even when a step fails", async ({ place }) => {
    const [, ...apps] = writeApps(place);
    place.write(
      "app.mjs",
      `import * as first from "./count.mjs"; import * as second from "./often.mjs"; import * as third from "./list.mjs";
      export default { steps: [first, second, third] };`,
    );
    const { stderr } = await place.succeed("mr", ["sequential", "app.mjs", "-r", "2", "-o", "out", "1.txt", "2.txt"]);
    expect(place.read("out/mr-out-0")).toBe(answer);
    expect(place.files("out")).toEqual(["out/mr-manifest.json", "out/mr-out-0"]);
    expect(stderr).toMatch(/mr sequential: step 2 of 3 done in .*\n.*\n.*\n.* to step 3\n/);
    place.write("bad", "");
    const failed = await place.run("mr", ["sequential", "app.mjs", "-r", "2", "-o", "new", "1.txt", "2.txt"]);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining("Error: a bad ") as string });
    expect(place.exists("new")).toBe(false);
    expect(apps).toContain("often.mjs");
  });
});

describe.concurrent("a pipeline with a failed step", () => {
  /** The middle step fails. */
  async function failed(place: Place): Promise<string[]> {
    const args = writeApps(place);
    place.write("bad", "");
    place.write("out/mr-out-0", "of an earlier job");
    const { code, stderr } = await place.run("mr", [...args, ...inputs]);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("step 2 of 3 failed: map task ") as string,
    });
    expect(stderr).toContain("1 of 3 steps is done; to continue, run the same command with --resume");
    expect(place.read("out/mr-out-0")).toBe("of an earlier job");
    fs.rmSync(join(place.directory, "bad"));
    return args;
  }

  test("continues at that step with --resume", async ({ place }) => {
    const args = await failed(place);
    const { stderr } = await place.succeed("mr", [...args, "--resume", ...inputs]);
    expect(stderr).toContain("mr pipeline: step 1 of 3 is already done\n");
    expect(calls(place, "count")).toHaveLength(2);
    expect(place.read("out/mr-out-0")).toBe(answer);
    // It has ended, and nothing is left to resume.
    expectRefusal(await place.run("mr", [...args, "--resume", ...inputs]), "there is nothing to resume in out");
  });

  test("continues with a corrected app, and with different apps after it", async ({ place }) => {
    const [command = "", ...args] = await failed(place);
    fs.appendFileSync(join(place.directory, "often.mjs"), "// mended\n");
    await place.succeed("mr", [command, ...args, "--resume", "-r", "2", ...inputs]);
    expect(place.read("out/mr-out-0")).toBe(answer);
    expect(calls(place, "count")).toHaveLength(2);
  });

  test("starts over without --resume, and says that it could have continued", async ({ place }) => {
    const args = await failed(place);
    const { stderr } = await place.succeed("mr", [...args, "--keep-intermediate", ...inputs]);
    expect(stderr).toMatch(/^mr pipeline: giving up the pipeline that was interrupted here; --resume would have/);
    const again = await place.succeed("mr", [...args, ...inputs]);
    expect(again.stderr).toMatch(/^mr pipeline: step 1 of 3 done/);
    expect(calls(place, "count")).toHaveLength(6);
    expect(place.read("out/mr-out-0")).toBe(answer);
  });

  test("does not resume with a difference that would change the result, and names it", async ({ place }) => {
    const args = await failed(place);
    const refuse = async (says: string, given: readonly string[]) => {
      const refused = await place.run("mr", [...args, "--resume", ...given]);
      expectRefusal(refused, `cannot resume the pipeline in out: ${says}`);
      expect(place.exists("out/mr-step-1/mr-manifest.json")).toBe(true);
    };
    await refuse("its input 2.txt is missing", ["--input", "1.txt"]);
    await refuse("it had --reducers 2, but this one has 3", ["-r", "3", ...inputs]);
    await refuse("it had no --arg, but this one has --arg a=1", ["--arg", "a=1", ...inputs]);
    await refuse("it had no --file 1.txt", ["--file", "1.txt", ...inputs]);
    const path = join(place.directory, "out/mr-step-1/mr-out-1.jsonl");
    const text = fs.readFileSync(path, "utf8");
    fs.writeFileSync(path, text.replace(/[0-9]/, "7"));
    await refuse("mr-out-1.jsonl: its CRC-32 is ", inputs);
    fs.writeFileSync(path, text);
    fs.utimesSync(join(place.directory, "1.txt"), 1, 1);
    await refuse("1.txt has changed since", inputs);
  });

  test("keeps nothing but reports when its input has come through a pipe", async ({ place }) => {
    const args = writeApps(place);
    place.write("bad", "");
    const { code, stderr } = await place.run("mr", [...args, "--input", "-"], { stdin: "1.txt" });
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("step 2 of 3 failed") as string,
    });
    expect(stderr).not.toContain("--resume");
    expect(place.files("out")).toEqual(["out/mr-step-2/mr-report.json"]);
    expectRefusal(await place.run("mr", [...args, "--resume", "--input", "-"]), "input from standard input");
  });
});

describe.concurrent("a pipeline that is interrupted", () => {
  /** The middle step waits in its second map task, when its first is done. */
  async function interrupted(
    place: Place,
    signal: NodeJS.Signals,
    [given, options]: [string[], StartOptions?] = [inputs],
  ): Promise<{ args: string[]; ended: Ended }> {
    const args = writeApps(place);
    place.write("wait", "1");
    const program = place.start("mr", [...args, "--drain-timeout", "100ms", ...given], options);
    await until(
      () =>
        place.exists("calls") &&
        calls(place, "often 1").length > 0 &&
        place.files("out/mr-step-2").some((name) => /mr-0-\d+$/.test(name)),
      () => `the second step to wait; it said:\n${program.stderr}`,
    );
    expectRefusal(await place.run("mr", ["run", "wc", "-o", "out", "1.txt"]), "another job is running in out");
    expectRefusal(await place.run("mr", [...args, ...inputs]), "another job is running in out");
    program.signal(signal);
    const ended = await program.exit();
    await until(
      () => place.processes().length === 0,
      () => "the workers to end",
    );
    place.write("go", "");
    return { args, ended };
  }

  test("by kill -9 continues in the middle of a step", async ({ place }) => {
    const { args } = await interrupted(place, "SIGKILL");
    const { stdout } = await place.succeed("mr", [...args, "--resume", "--json", ...inputs]);
    expect(calls(place, "count")).toHaveLength(2);
    expect(calls(place, "often 0")).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({ phase: "done", outputs: ["mr-out-0"] });
    expect(place.read("out/mr-out-0")).toBe(answer);
    expect(place.files("out").filter((name) => /jsonl|mr-\d+-/.test(name))).toEqual([]);
  });

  test.for([
    // As for any job: stopping at once keeps nothing, and draining keeps everything.
    ["SIGINT", 130, "1 of 3 steps is done", 2],
    ["SIGTERM", 143, "1 of 3 steps and 1 of 4 tasks are done", 1],
  ] as const)("by %s says what is done, and goes on there", async ([signal, code, isDone, times], { place }) => {
    const { args, ended } = await interrupted(place, signal);
    expect(ended).toMatchObject({ code });
    expect(ended.stderr).toContain(
      `stopped by ${signal}; ${isDone}; to continue, run the same command with --resume\n`,
    );
    await place.succeed("mr", [...args, "--resume", ...inputs]);
    expect(calls(place, "count")).toHaveLength(2);
    expect(calls(place, "often 0")).toHaveLength(times);
    expect(place.read("out/mr-out-0")).toBe(answer);
  });

  test("by SIGINT while its apps are loaded ends at once", async ({ place }) => {
    writeApps(place);
    place.write(
      "app.mjs",
      `import { writeFileSync } from "node:fs";
      writeFileSync("loading", "");
      await new Promise((resolve) => setTimeout(resolve, 3_600_000));
      export const steps = [{ map() {} }];`,
    );
    const program = place.start("mr", ["run", "app.mjs", "1.txt"]);
    await until(
      () => place.exists("loading"),
      () => "the app to be loaded",
    );
    program.signal("SIGINT");
    expect(await program.exit()).toMatchObject({ signal: "SIGINT" });
  });

  test("keeps nothing when its input came through a pipe and is gone", async ({ place }) => {
    const { ended } = await interrupted(place, "SIGTERM", [["--input", "-"], { stdin: "1.txt" }]);
    expect(ended).toMatchObject({ code: 143, stderr: expect.stringMatching(/stopped by SIGTERM\n$/) as string });
    expect(place.exists("out")).toBe(false);
  });

  test.for(["sequential", "run"] as const)(
    "by kill -9 of mr %s, which could not go on with it, leaves what is no job's, however it is called",
    async (command, { place }) => {
      place.write(
        "app.mjs",
        `import { writeFileSync } from "node:fs";
        const reduce = (key, values) => values.length;
        export const steps = [
          { map: (file, text, ctx) => ctx.emit(text, 1), reduce },
          { map() { writeFileSync("begun", ""); while (true); }, reduce },
          { map() {}, reduce },
        ];`,
      );
      place.write("in.txt", "a\n");
      const theirs = ["mr-notes.txt", "mr-out-0.sorted"].map((name) => place.write(`out/mr-step-1/${name}`, ""));
      const program = place.start("mr", [command, "-r", "2", "-o", "out", "app.mjs", "-"], { stdin: "in.txt" });
      await until(
        () => place.exists("begun"),
        () => `the second step to begin; it said:\n${program.stderr}`,
      );
      program.signal("SIGKILL");
      await program.exit();
      await place.expectTidy();
      expect(place.files("out")).toEqual(theirs);
      expect(fs.readdirSync(join(place.directory, "out"))).toEqual(["mr-step-1"]);
    },
  );

  test("starts a step over when its app has changed since", async ({ place }) => {
    const { args } = await interrupted(place, "SIGKILL");
    fs.appendFileSync(join(place.directory, "often.mjs"), "// changed\n");
    const { stderr } = await place.succeed("mr", [...args, "--resume", ...inputs]);
    expect(stderr).toMatch(/often\.mjs has changed since: step 2 of 3 starts over\n/);
    expect(calls(place, "count")).toHaveLength(2);
    expect(calls(place, "often 0")).toHaveLength(2);
    expect(place.read("out/mr-out-0")).toBe(answer);
  });
});

describe.concurrent("a pipeline is refused", () => {
  const writing =
    "export function map() {} export function reduce() {} export const writer = { extension: 'xml', record: () => '' };";
  const refusals: Record<string, { app?: string; args?: string[]; says: string }> = {
    "of a later step that wants to read files": {
      args: ["pipeline", "count.mjs", "wc", ...inputs],
      says: 'wc.js: it reads the pairs of the step before, not input "text": leave it out',
    },
    "that is to reduce nothing": {
      args: ["pipeline", "count.mjs", "list.mjs", "-r", "0", ...inputs],
      says: "-r 0 is not for pipelines",
    },
    "that is to reduce nothing, also by a dry run": {
      args: ["pipeline", "count.mjs", "list.mjs", "-r", "0", "--dry-run", ...inputs],
      says: "-r 0 is not for pipelines",
    },
    "whose last app has a format of its own": {
      app: writing,
      args: ["pipeline", "count.mjs", "app.mjs", "--output-format", "csv", ...inputs],
      says: "app app.mjs has a writer of its own, for .xml files; leave out --output-format",
    },
    "whose last app knows where each key belongs": {
      app: `export const partition = () => 0; ${writing}`,
      args: ["pipeline", "count.mjs", "app.mjs", "--partitioner", "range", ...inputs],
      says: "app.mjs exports partition, which --partitioner range would ignore",
    },
    "whose last step has a format of its own, by mr sequential": {
      app: `import * as last from "./last.mjs"; export const steps = [{ map() {} }, last];`,
      args: ["sequential", "app.mjs", "--output-format", "csv", "1.txt"],
      says: "app app.mjs, step 2 has a writer of its own",
    },
    "with options that are about one job": {
      args: ["pipeline", "count.mjs", "list.mjs", "--trace", "t.json", ...inputs],
      says: "--trace is for one job, and a pipeline has several",
    },
    "whose apps are named behind its inputs": {
      args: ["pipeline", ...inputs, "count.mjs", "list.mjs"],
      says: "there is no app: name the apps before --input, which takes all names after it",
    },
    "without an input": { args: ["pipeline", "count.mjs"], says: "there is no input" },
    "when there is none to go on with": {
      args: ["pipeline", "count.mjs", "often.mjs", "--resume", ...inputs],
      says: "there is nothing to resume in mr-output: no pipeline was interrupted there; leave out --resume",
    },
    "of steps that are no array": {
      app: "export const steps = {};",
      says: "export steps must be an array of one app or more",
    },
    "of no step": { app: "export const steps = [];", says: "export steps must be an array of one app or more" },
    "of steps and an app in one module": {
      app: "export const steps = [{ map() {} }]; export function reduce() {}",
      says: "exports both steps and reduce: leave one out",
    },
    "of a step without map": { app: "export const steps = [{ reduce() {} }];", says: "step 1 exports no function map" },
    "that lacks what all of its steps need": {
      app: "export const needs = ['--arg a=X']; export const steps = [{ map() {}, reduce() {} }];",
      says: "app.mjs, step 1 needs --arg a=X",
    },
    "with reduce tasks that are no number": {
      app: "export const steps = [{ map() {}, reduce() {}, reducers: 0 }];",
      says: "step 1: export reducers must be a whole number, 1 or more",
    },
  };
  for (const [what, { app, args = ["run", "app.mjs", "1.txt"], says }] of Object.entries(refusals)) {
    test(what, async ({ place }) => {
      writeApps(place);
      place.write("last.mjs", writing);
      if (app !== undefined) place.write("app.mjs", app);
      expectRefusal(await place.run("mr", args), says);
      expect(place.exists("mr-output")).toBe(false);
      expect(place.exists("out")).toBe(false);
    });
  }

  test("that would clear away its own input, recognized only by the manifest as a job's output", async ({ place }) => {
    place.write("own.mjs", writing.replace("record: () => ''", "record: (key) => key"));
    place.write("in.txt", "a\n");
    await place.succeed("mr", ["run", "-r", "1", "-o", "out", "own.mjs", "in.txt"]);
    place.write("app.mjs", "const step = { map() {}, reduce() {} }; export const steps = [step, step];");
    const before = place.files();
    for (const command of ["run", "sequential"]) {
      for (const [says, ...given] of [
        ["input out/mr-out-0.xml", "out/mr-out-0.xml"],
        ["--file mr-out-0.xml", "--file", "out/mr-out-0.xml", "in.txt"],
      ] as const) {
        const refused = await place.run("mr", [command, "-o", "out", "app.mjs", ...given]);
        expectRefusal(refused, `${says} is in the output directory out and has the name of a job's file`);
      }
    }
    expect(place.files()).toEqual(before);
  });

  test("that would clear away its own input in a step's directory, before another step's is cleared", async ({
    place,
  }) => {
    for (const step of [1, 2]) place.write(`out/mr-step-${step}/mr-out-0.jsonl`, '{"key":"a","value":1}\n');
    place.write("app.mjs", "const step = { map() {}, reduce() {} }; export const steps = [step, step, step];");
    const before = place.files();
    for (const command of [["run"], ["run", "--dry-run"], ["sequential"]]) {
      const refused = await place.run("mr", [...command, "-o", "out", "app.mjs", "out/mr-step-2/mr-out-0.jsonl"]);
      expectRefusal(refused, "input out/mr-step-2/mr-out-0.jsonl is in the output directory out/mr-step-2");
      expect(refused.stderr.split("input")).toHaveLength(2);
    }
    expect(place.files()).toEqual(before);
    place.leavesFiles = true;
  });

  test("only for single-job options on the command line", async ({ place }) => {
    const args = writeApps(place);
    place.write("mr.config.json", '{ "trace": "t.json", "cpuProf": true }');
    await place.succeed("mr", [...args, ...inputs]);
    expect(place.read("out/mr-out-0")).toBe(answer);
    expect(place.files().filter((name) => name === "t.json" || name.endsWith(".cpuprofile"))).toEqual([]);
  });

  test("by a worker of the lab's pair, whose coordinator runs a single job", async ({ place }) => {
    writeApps(place);
    place.write("app.mjs", "export const steps = [{ map() {} }, { map() {} }];");
    expectRefusal(await place.run("mr-worker", ["app.mjs"]), "exports steps: run it with mr pipeline, or a step of it");
  });
});

test("each step of an app can be run by itself, as one job", async ({ place }) => {
  writeApps(place);
  place.write(
    "app.mjs",
    `import * as first from "./count.mjs"; import * as second from "./often.mjs"; import * as third from "./list.mjs";
    export const steps = [first, second, third];`,
  );
  const json = ["-r", "2", "--output-format", "jsonl"];
  await place.succeed("mr", ["run", "app.mjs", "--step", "1", ...json, "-o", "1", "1.txt", "2.txt"]);
  await place.pair("app.mjs", ["1/mr-out-0.jsonl", "1/mr-out-1.jsonl"], [...json, "-o", "2"], 1, ["--step", "2"]);
  await place.succeed("mr", [
    "sequential",
    "app.mjs",
    "--step",
    "3",
    "-r",
    "1",
    "-o",
    "3",
    "2/mr-out-0.jsonl",
    "2/mr-out-1.jsonl",
  ]);
  expect(place.read("3/mr-out-0")).toBe(answer);
  const refuse = async (args: string[], says: string) => expectRefusal(await place.run("mr", [...args, "1.txt"]), says);
  await refuse(["run", "app.mjs", "--step", "4"], "has 3 steps, but no step 4");
  await refuse(["sequential", "count.mjs", "--step", "1"], "exports no steps: leave out --step");
});

test("what apps print when they are loaded is not a result", async ({ place }) => {
  place.write(
    "app.mjs",
    'console.log("loaded"); export const steps = [{ map: (_, text) => [{ key: "k", value: text }] }];',
  );
  place.write("in.txt", "in");
  for (const more of [[], ["--dry-run"]]) {
    const { stdout, stderr } = await place.succeed("mr", ["run", "app.mjs", "--json", "in.txt", ...more]);
    expect(JSON.parse(stdout)).toMatchObject({ app: { name: "app.mjs, step 1" } });
    expect(stderr).toContain("loaded\n");
  }
});

test("--dry-run of a pipeline shows its first step, and does nothing", async ({ place }) => {
  const args = writeApps(place);
  const { stdout } = await place.succeed("mr", [...args, "--dry-run", ...inputs]);
  expect(stdout).toMatch(/^step +1 of 3; the others depend on its output\napp +.*count\.mjs, with input "file"\n/);
  expect(report(await place.succeed("mr", [...args, "--dry-run", "--json", ...inputs]))).toMatchObject({
    steps: 3,
    mapTasks: 2,
  });
  expect(place.exists("out")).toBe(false);
  expect(place.exists("calls")).toBe(false);
});
