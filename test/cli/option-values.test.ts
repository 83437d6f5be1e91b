import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { ConfigError } from "../../src/cli/config-file.js";
import { commandLineOnly, misspeltVariables, OptionValues } from "../../src/cli/option-values.js";
import * as options from "../../src/cli/options.js";
import { optionTable } from "../../src/cli/print-config.js";

const directory = mkdtempSync(join(tmpdir(), "mr-option-values-"));
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

describe("an option takes its value from the first of: command line, environment, config file, default", () => {
  const given = { args: ["--reducers", "1"], env: { MR_REDUCERS: "2" }, file: { reducers: 3 } };
  it.each([
    [{ ...given }, 1, "command line"],
    [{ ...given, args: [] }, 2, "MR_REDUCERS"],
    [{ file: given.file }, 3, "the file"],
    [{ file: {} }, 10, "default"],
    [{}, 10, "default"],
    // The value does not decide.
    [{ ...given, args: ["-r", "10"] }, 10, "command line"],
    [{ env: { MR_REDUCERS: "10" }, file: given.file }, 10, "MR_REDUCERS"],
    // An empty variable does not count.
    [{ env: { MR_REDUCERS: "" }, file: given.file }, 3, "the file"],
    [{ ...given, args: ["--no-config"], env: {} }, 10, "default"],
  ])("%j", async (sources, reducers, from) => {
    const { values, origins } = await complete(sources);
    expect(values["reducers"]).toBe(reducers);
    expect(origins).toContainEqual(["--reducers", [String(reducers)], from]);
  });

  it("for name=value options as a whole", async () => {
    const file = { arg: { pattern: "whale", flags: "i", max: 3, all: true } };
    const fromFile = await complete({ file });
    expect(fromFile.values["arg"]).toEqual({ pattern: "whale", flags: "i", max: "3", all: "true" });
    expect(fromFile.origins).toContainEqual(["--arg", ["pattern=whale", "flags=i", "max=3", "all=true"], "the file"]);
    const typed = await complete({ file, args: ["--arg", "pattern=a=b", "--arg", "x=y"], env: { MR_ARG: "z=1" } });
    expect(typed.values["arg"]).toEqual({ pattern: "a=b", x: "y" });
    expect(typed.origins).toContainEqual(["--arg", ["pattern=a=b", "x=y"], "command line"]);
    expect((await complete({ file, env: { MR_ARG: "z=1" } })).values["arg"]).toEqual({ z: "1" });
  });

  it("for repeatable options, too", async () => {
    const file = { file: ["a.txt", "b.txt#b"] };
    expect((await complete({ file })).values["file"]).toEqual(["a.txt", "b.txt#b"]);
    const { values, origins } = await complete({ file, args: ["--file", "c", "--file", "d"] });
    expect(values["file"]).toEqual(["c", "d"]);
    expect(origins).toContainEqual(["--file", ["c", "d"], "command line"]);
    expect((await complete({ file, env: { MR_FILE: "e" } })).values["file"]).toEqual(["e"]);
  });

  it("for options with an optional value, too, where off equals not given", async () => {
    const typed = { host: "127.0.0.1", port: 9230 };
    const plain = { host: "127.0.0.1", port: 9229 };
    for (const [sources, value, text] of [
      [{ args: ["--inspect"] }, plain, "true"],
      [{ args: ["--inspect=9230"] }, typed, "9230"],
      [{ args: ["--inspect=0"] }, { ...typed, port: 0 }, "0"],
      [{ env: { MR_INSPECT: "true" } }, plain, "true"],
      [{ env: { MR_INSPECT: "1" } }, plain, "true"],
      [{ env: { MR_INSPECT: "9230" } }, typed, "9230"],
      [{ file: { inspect: true } }, plain, "true"],
      [{ file: { inspect: "9230" } }, typed, "9230"],
      [{ file: { inspect: false } }, undefined, "off"],
      [{ file: { inspect: true }, env: { MR_INSPECT: "0" } }, undefined, "off"],
      [{ env: { MR_INSPECT: "False" } }, undefined, "off"],
      [{ file: { inspect: true }, args: ["--inspect=off"] }, undefined, "off"],
    ] as const) {
      vi.unstubAllEnvs();
      const { values, origins } = await complete(sources);
      expect(values["inspect"], JSON.stringify(sources)).toEqual(value);
      expect(origins.find(([name]) => name === "--inspect")?.[1]).toEqual([text]);
    }
  });

  it("and from the last occurrence on the command line", async () => {
    const { values, origins } = await complete({ args: ["-r", "1", "-r", "2"] });
    expect(values["reducers"]).toBe(2);
    expect(origins).toContainEqual(["--reducers", ["2"], "command line"]);
  });

  it("but an option with a different meaning for its command comes only from the command line", async () => {
    const sources = { env: { MR_OUTPUT_DIR: "from-variable" }, file: { outputDir: "from-file" } };
    expect((await complete(sources)).values["outputDir"]).toBe("own");
    expect((await complete({ ...sources, args: ["-o", "typed"] })).values["outputDir"]).toBe("typed");
  });
});

describe("values are read by the option's own parser", () => {
  it("from variables", async () => {
    const env = { MR_TASK_TIMEOUT: "20s", MR_MEMORY: "32MiB", MR_BACKUP_TASKS: "off", MR_SOCKET: "/x y" };
    const { values } = await complete({ env });
    expect(values).toMatchObject({ taskTimeout: 20_000, memory: 32 * 2 ** 20, backupTasks: false, socket: "/x y" });
  });

  it("from files, which have real numbers and booleans", async () => {
    const file = { taskTimeout: "20s", drainTimeout: 500, memory: 2 ** 25, backupTasks: false, quiet: true };
    const { values, origins } = await complete({ file });
    expect(values).toMatchObject({ ...file, taskTimeout: 20_000 });
    expect(origins).toContainEqual(["--backup-tasks", ["off"], "the file"]);
  });

  it.each([
    ["1", true],
    ["TRUE", true],
    ["yes", true],
    ["On", true],
    ["0", false],
    ["false", false],
    ["No", false],
    ["OFF", false],
  ])("MR_QUIET=%s is %s", async (text, quiet) => {
    const { values, origins } = await complete({ env: { MR_QUIET: text } });
    expect(values["quiet"]).toBe(quiet);
    expect(origins).toContainEqual(["--quiet", [String(quiet)], "MR_QUIET"]);
  });
});

describe("a variable that belongs to no option", () => {
  it.each([
    ["MR_WORKES", "MR_WORKERS"],
    ["MR_ARGS", "MR_ARG"],
    ["MR_REDUCER", "MR_REDUCERS"],
    ["MR_NO_GROUP", "MR_GROUP"],
    ["MR_RUNTIME_DIRS", "MR_RUNTIME_DIR"],
  ])("is pointed out when it resembles one: %s", (name, meant) => {
    expect(misspeltVariables({ [name]: "1", PATH: "/bin" })).toEqual([{ name, meant }]);
  });

  it("is somebody else's when it does not", () => {
    const environment = {
      MR_FUSION_HOME: "/opt",
      MR_WORKERS: "2",
      MR_RUNTIME_DIR: "/tmp",
      MR_CONFIG: "x",
      WORKES: "1",
    };
    expect(misspeltVariables(environment)).toEqual([]);
  });
});

describe("an error names its place:", () => {
  it.each([
    [{ env: { MR_REDUCERS: "x" } }, /^value 'x' of MR_REDUCERS is invalid\. It must be a whole number/],
    [{ env: { MR_QUIET: "maybe" } }, /^value 'maybe' of MR_QUIET is invalid\. It must be one of 1, true/],
    [{ file: { reducers: 1.5 } }, /^value 1\.5 of reducers in the file is invalid\. It must be a whole number/],
    [{ file: { reducers: "4" } }, /^value '4' of reducers in the file is invalid\. It must be a number\.$/],
    [{ file: { quiet: "yes" } }, /quiet in the file is invalid\. It must be true or false\.$/],
    [{ file: { backupTasks: "on" } }, /backupTasks in the file is invalid\. It must be true or false\.$/],
    [{ file: { outputDirectory: "x" } }, /^the file: there is no option outputDirectory/],
    [{ file: { reducer: 1 } }, /^the file: there is no option reducer \(did you mean reducers\?\)$/],
    [{ file: { "task-timeout": "1s" } }, /did you mean taskTimeout\?/],
    [{ file: { toString: 1 } }, /^the file: there is no option toString$/],
    [{ file: { file: "a" } }, /^value 'a' of file in the file is invalid\. It must be a list of strings\.$/],
    [{ file: { file: ["a", 1] } }, /It must be a list of strings\.$/],
    [{ file: { arg: ["a=b"] } }, /arg in the file is invalid\. It must be an object of names and values/],
    [{ file: { arg: { a: null } } }, /arg in the file is invalid\. It must be an object of names and values/],
    [{ file: { arg: { id: 2 ** 53 } } }, /arg in the file is invalid\. It must be .*integers beyond 2\^53 as strings/],
    [{ file: { arg: { most: Infinity } } }, /arg in the file is invalid\. It must be an object of names and values/],
    [{ file: { arg: { "a b": 1 } } }, /arg in the file is invalid\. It must be name=value/],
    [{ file: { inspect: 9230 } }, /inspect in the file is invalid\. It must be a string, true or false\.$/],
    [{ file: { socket: null } }, /^value null of socket in the file is invalid\. It must be a string\.$/],
    [{ file: [] }, /^the file must hold an object/],
    [{ file: null }, /^the file must hold an object/],
  ])("%j", async (sources, message) => {
    const error = await complete(sources).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message.replaceAll(filePath, "the file")).toMatch(message);
  });

  it("and options of other commands do not concern this one", async () => {
    const { values } = await complete({
      file: { connectTimeout: "soon", reducers: 2 },
      env: { MR_CONNECT_TIMEOUT: "x" },
    });
    expect(values["reducers"]).toBe(2);
    expect(values).not.toHaveProperty("connectTimeout");
  });
});

it("the table has a line for each option, and one for each repetition", async () => {
  const args = ["--arg", "a=1", "--arg", "b= x\n", "--quiet"];
  const { table } = await complete({ args, env: { MR_SOCKET: "/tmp/s" }, file: { reducers: 2 } });
  expect(table.replaceAll(filePath, "the file")).toBe(
    [
      "--reducers       2         the file",
      "--memory         256MiB    default",
      "--task-timeout   10s       default",
      "--drain-timeout  10s       default",
      "--backup-tasks   on        default",
      "--arg            a=1       command line",
      '--arg            "b= x\\n"  command line',
      "--file           -         default",
      "--socket         /tmp/s    MR_SOCKET",
      "--output-dir     own       default",
      "--split-size     -         default",
      "--quiet          true      command line",
      "--inspect        -         default",
      "",
    ].join("\n"),
  );
});

interface Sources {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly file?: unknown;
}

const filePath = join(directory, "options.json");

/** Parses a command line for a command with options of all kinds. */
async function complete({ args = [], env = {}, file }: Sources) {
  for (const [name, text] of Object.entries(env)) vi.stubEnv(name, text);
  if (file !== undefined) writeFileSync(filePath, JSON.stringify(file));
  const withFile = file === undefined || args.includes("--no-config") ? ["--no-config"] : ["--config", filePath];
  let seen: CommandUnknownOpts | undefined;
  const command: CommandUnknownOpts = new Command("test")
    .exitOverride()
    .addOption(options.reducers())
    .addOption(options.memory())
    .addOption(options.taskTimeout())
    .addOption(options.drainTimeout())
    .addOption(options.backupTasks())
    .addOption(options.arg())
    .addOption(options.file())
    .addOption(options.socket())
    .addOption(commandLineOnly(options.outputDirectory("own")))
    .addOption(options.splitSize(false))
    .addOption(options.quiet())
    .addOption(options.inspect())
    .action((_given, self) => {
      seen = self;
    });
  const values = new OptionValues(command);
  await command.parseAsync([...args, ...withFile], { from: "user" });
  await values.complete();
  return {
    values: seen?.opts() ?? {},
    origins: values.origins().map(({ option, texts, from }) => {
      return [`--${option.name()}`, texts, from.replaceAll(filePath, "the file")] as const;
    }),
    table: optionTable(values.origins()),
  };
}
