import { expect } from "vitest";
import { expectRefusal, linesOf, test } from "./programs.js";

const countLines = `
export const input: string = "lines";
export const map = (file: string, line: string, ctx: { args: Record<string, string> }) => [{ key: ctx.args.key ?? "none", value: line }];
export const reduce = (key: string, lines: string[]): number => lines.length;
`;

test("mr run takes options from mr.config.ts, overridden by the environment, overridden by the command line", async ({
  place,
}) => {
  place.write("in.txt", "a\nb\n");
  place.write("app.ts", countLines);
  place.write(
    "mr.config.ts",
    `const reducers: number = 3;
     console.log("read");
     export default { reducers, outputDir: "from-file", arg: { key: "k" }, quiet: true, connectTimeout: "1s" };`,
  );
  const outputs = () => place.files().filter((name) => name.includes("mr-out-"));

  expect(await place.succeed("mr", ["run", "app.ts", "in.txt"])).toMatchObject({ stdout: "", stderr: "read\n" });
  expect(outputs()).toEqual([0, 1, 2].map((n) => `from-file/mr-out-${n}`));
  expect(
    outputs()
      .map((name) => place.read(name))
      .join(""),
  ).toBe("k 2\n");

  const env = { MR_REDUCERS: "2", MR_OUTPUT_DIR: "from-variable", MR_QUIET: "0" };
  const { stderr } = await place.succeed("mr", ["run", "-r", "1", "app.ts", "in.txt"], { env });
  expect(stderr).toMatch(/done in/);
  expect(outputs().filter((name) => !name.startsWith("from-file"))).toEqual(["from-variable/mr-out-0"]);

  await place.succeed("mr", ["sequential", "--no-config", "app.ts", "in.txt"]);
  expect(outputs().filter((name) => name.startsWith("mr-output")).length).toBe(10);
});

test("coordinator and worker share a config file named on the command line", async ({ place }) => {
  place.write("in.txt", "a b a\n");
  place.write("options.json", JSON.stringify({ reducers: 1, outputDir: "out", workers: 7, socket: "own.sock" }));
  const env = { MR_CONFIG: "options.json", MR_SOCKET: "" };
  const coordinator = place.start("mr-coordinator", ["in.txt"], { env });
  await coordinator.says("listening at own.sock");
  await place.succeed("mr-worker", ["wc"], { env });
  expect((await coordinator.exit()).code).toBe(0);
  expect(place.read("out/mr-out-0")).toBe("a 2\nb 1\n");
});

test("a config file's options give way where they do not fit", async ({ place }) => {
  place.write("in.txt", "a b\na\n");
  const config = { resume: true, reducers: 0, skipBadRecords: 5, open: true };
  place.write("mr.config.json", JSON.stringify(config));
  const limits = ["--quiet", "--max-attempts", "1"];
  await place.succeed("mr", ["run", ...limits, "--dry-run", "-r", "1", "wc", "in.txt"]);
  const apps = ["pipeline", ...limits, "wc", "top-k", "--arg", "k=1"];
  const { stderr } = await place.succeed("mr", [...apps, "--input", "-"], { stdin: "in.txt" });
  expect(stderr).toBe("");
  expect((await place.succeed("mr", ["cat"])).stdout).toBe("a 2\n");
  expect((await place.succeed("mr", ["report", "-o", "-"])).stdout).toMatch(/^<!doctype html>/i);
});

test("--print-config shows the options, needs nothing else, and does nothing else", async ({ place }) => {
  place.write("mr.config.mjs", "export default { reducers: 3, taskTimeout: '20s' };");
  const env = { MR_TASK_TIMEOUT: "30s" };
  const { stdout, stderr } = await place.succeed("mr", ["run", "--print-config", "--debug"], { env });
  expect(stderr).toBe("");
  const rows = linesOf(stdout).map((line) => line.split(/ {2,}/));
  expect(rows).toContainEqual(["--reducers", "3", "mr.config.mjs"]);
  expect(rows).toContainEqual(["--task-timeout", "30s", "MR_TASK_TIMEOUT"]);
  expect(rows).toContainEqual(["--debug", "true", "command line"]);
  expect(rows).toContainEqual(["--output-dir", "mr-output", "default"]);
  expect(place.files()).toEqual(["mr.config.mjs"]);
});

test("an unusable config is refused with one line that says what and where", async ({ place }) => {
  place.write("in.txt", "a\n");
  const refused = async (args: readonly string[], ...parts: (string | RegExp)[]) => {
    const ended = await place.run("mr", ["run", ...args, "wc", "in.txt"]);
    expectRefusal(ended, ...parts);
    expect(linesOf(ended.stderr).length).toBe(1);
  };
  await refused(["--config", "none.json"], "none.json", /no such file/);
  await refused(["--config", "."], /must end in \.json/);
  place.write("broken.json", '{\n  "reducers": 3,\n}\n');
  await refused(["--config", "broken.json"], "broken.json:3", /JSON/);
  place.write("broken.ts", "const x: = 1;\nexport default {};\n");
  await refused(["--config", "broken.ts"], "broken.ts:1", /Unexpected/);
  place.write("throws.js", "\nthrow new Error('no luck');\n");
  await refused(["--config", "throws.js"], "throws.js:2", /no luck/);
  place.write("named.mjs", "export const reducers = 3;\n");
  await refused(["--config", "named.mjs"], "named.mjs", /default export/);
  place.write("mr.config.json", "{}");
  place.write("mr.config.js", "export default {};");
  await refused([], "mr.config.json and mr.config.js", "--config");
  expect(place.exists("mr-output")).toBe(false);
});
