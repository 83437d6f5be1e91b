import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { expectRefusal, test, type ProgramName } from "./programs.js";

const isRoot = process.getuid?.() === 0;

/** Every command that takes inputs, with the arguments before them. */
const jobCommands: readonly (readonly [ProgramName, ...string[]])[] = [
  ["mr", "run"],
  ["mr", "sequential"],
  ["mr-coordinator"],
];
const appOf = (program: ProgramName) => (program === "mr" ? ["wc"] : []);

test("an app whose name is nearly right is guessed", async ({ place }) => {
  place.write("spent.mjs", "");
  for (const [typed, meant] of [
    ["wcc", "wc"],
    ["sprent.mjs", "spent.mjs"],
    ["spent", "spent.mjs"],
  ] as const) {
    const said = `cannot find app ${typed}: no such file, and no bundled app of that name; did you mean ${meant}? (there are: `;
    expectRefusal(await place.run("mr", ["run", typed, "spent.mjs"]), said);
  }
  const { stderr } = await place.run("mr", ["run", "something", "spent.mjs"]);
  expect(stderr).not.toContain("did you mean");
});

describe.concurrent("bad use is refused with exit code 2 and a few lines, and leaves nothing behind:", () => {
  for (const [program, ...command] of jobCommands) {
    const name = [program, ...command].join(" ");
    const app = appOf(program);

    for (const [what, { args, says }] of Object.entries<{ args: string[]; says: (RegExp | string)[] }>({
      "no inputs": { args: [...app], says: [/there is no input/] },
      "a missing file": { args: [...app, "in.txt", "missing.txt"], says: ["missing.txt", /no such file/] },
      "a directory": { args: [...app, "folder"], says: ["folder", /directory/] },
      "an empty name": { args: [...app, ""], says: [/""/] },
      "a device": { args: [...app, "/dev/null"], says: ["/dev/null", /not a regular file/] },
      "many missing files": { args: [...app, "x1", "x2", "x3"], says: ["x1", /2 more/] },
      "-r -1": { args: ["-r", "-1", ...app, "in.txt"], says: [/-r/, "-1"] },
      "an output format that there is not": {
        args: ["--output-format", "xml", ...app, "in.txt"],
        says: [/--output-format/, "jsonl"],
      },
      "-r x": { args: ["-r", "x", ...app, "in.txt"], says: [/-r/, "x"] },
      "-r 1.5": { args: ["-r", "1.5", ...app, "in.txt"], says: [/-r/] },
      "-r 1e9": { args: ["-r", "1e9", ...app, "in.txt"], says: [/-r/] },
      "-r without a value": { args: [...app, "in.txt", "-r"], says: [/-r/, /missing/] },
      "an unknown option": { args: ["--reducer", "1", ...app, "in.txt"], says: ["--reducer", /--reducers/] },
      "--arg without =": { args: ["--arg", "pattern", ...app, "in.txt"], says: ["--arg", "name=value"] },
      "--arg without a name": { args: ["--arg", "=x", ...app, "in.txt"], says: ["--arg", "name=value"] },
      "--arg with a name that is none": { args: ["--arg", "__proto__=x", ...app, "in.txt"], says: ["--arg"] },
      "an output directory that is a file": {
        args: ["-o", "in.txt", ...app, "in.txt"],
        says: ["in.txt", /output directory/],
      },
      "an output directory below a file": {
        args: ["-o", "in.txt/out/deep", ...app, "in.txt"],
        says: ["in.txt/out/deep"],
      },
      "an output directory without a name": { args: ["-o", "", ...app, "in.txt"], says: [/output directory/] },
    })) {
      test(`${name} with ${what}`, async ({ place }) => {
        place.write("in.txt", "text");
        mkdirSync(join(place.directory, "folder"));
        expectRefusal(await place.run(program, [...command, ...args]), ...says);
        expect(place.files()).toEqual(["in.txt"]);
        expect(place.exists("mr-output")).toBe(false);
      });
    }

    test(`${name} with a file whose name begins like an option`, async ({ place }) => {
      place.write("-in.txt", "text");
      const says = /unknown option '-in\.txt'\n\(To name the file, write \.\/-in\.txt\.\)\n/;
      expectRefusal(await place.run(program, [...command, ...app, "-in.txt"]), says);
    });

    test(`${name} with an input that would be cleared away as the output of an earlier job`, async ({ place }) => {
      for (const input of ["mr-out-0", "mr-1-2", "out/mr-out-7"]) {
        place.write(input, "a\n");
        const output = input.includes("/") ? "out" : ".";
        expectRefusal(await place.run(program, [...command, "-o", output, ...app, input]), input, "--output-dir");
        expect(place.read(input)).toBe("a\n");
      }
      place.leavesFiles = true;
      expect(place.files()).toEqual(["mr-1-2", "mr-out-0", "out/mr-out-7"]);
    });

    test.skipIf(isRoot)(`${name} with files and directories that it may not read or write`, async ({ place }) => {
      chmodSync(join(place.directory, place.write("secret.txt", "")), 0);
      place.write("in.txt", "");
      mkdirSync(join(place.directory, "sealed"), { mode: 0o500 });
      expectRefusal(await place.run(program, [...command, ...app, "secret.txt"]), "secret.txt", /permission denied/);
      for (const output of ["sealed", "sealed/out"]) {
        const refused = await place.run(program, [...command, "-o", output, ...app, "in.txt"]);
        expectRefusal(refused, output, /permission denied/);
      }
      expect(place.files()).toEqual(["in.txt", "secret.txt"]);
    });
  }

  test("a job whose app lacks what it needs, on its way through any program", async ({ place }) => {
    place.write("in.txt", "text");
    const wanted = /^mr (run|sequential): app grep\.js needs --arg pattern=REGEX\n$/;
    for (const command of ["run", "run --dry-run", "sequential", "run -r 0"]) {
      expectRefusal(await place.run("mr", [...command.split(" "), "grep", "in.txt"]), wanted);
    }
    const step = place.write(
      "step.mjs",
      `export const needs = ["--file stop.txt"]; export const map = () => undefined;`,
    );
    const refused = await place.run("mr", ["pipeline", "wc", `./${step}`, "--input", "in.txt"]);
    expectRefusal(refused, /^mr pipeline: app step\.mjs needs --file stop\.txt/);
    expect(place.files()).toEqual(["in.txt", "step.mjs"]);
  });

  test("mr-coordinator with an app before its inputs, as mr run has it", async ({ place }) => {
    place.write("in.txt", "text");
    expectRefusal(await place.run("mr-coordinator", ["wc", "in.txt"]), "input wc: no such file", "mr-worker wc");
  });

  test("mr run and mr-coordinator with an invalid duration", async ({ place }) => {
    place.write("in.txt", "");
    for (const value of ["soon", "0", "-1s", "10x", "", "1e99", "10 parsecs", "2d", "NaN"]) {
      expectRefusal(await place.run("mr-coordinator", [`--task-timeout=${value}`, "in.txt"]), "--task-timeout", "10s");
    }
    expectRefusal(await place.run("mr", ["run", "--task-timeout=soon", "wc", "in.txt"]), "--task-timeout", "10s");
    expect(place.files()).toEqual(["in.txt"]);
  });

  test("mr run and mr-coordinator with an invalid number of attempts or crashes", async ({ place }) => {
    place.write("in.txt", "");
    for (const given of ["--max-attempts=0", "--max-attempts=x", "--max-crashes=-1", "--max-crashes=1.5"]) {
      expectRefusal(await place.run("mr-coordinator", [given, "in.txt"]), given.replace(/=.*/, ""), /whole number/);
    }
    expectRefusal(await place.run("mr", ["run", "--max-attempts=0", "wc", "in.txt"]), "--max-attempts");
    expect(place.files()).toEqual(["in.txt"]);
  });

  for (const [what, { program = "mr", args, says }] of Object.entries<{
    program?: ProgramName;
    args: string[];
    says: (RegExp | string)[];
  }>({
    "mr with an unknown command": { args: ["rum", "wc", "in.txt"], says: ["rum", /run/] },
    "mr with an unknown option": { args: ["--verbose"], says: ["--verbose"] },
    "mr run without anything": { args: ["run"], says: [/missing required argument/] },
    "mr run with -w 0": { args: ["run", "-w", "0", "wc", "in.txt"], says: [/-w/] },
    "mr run with -w x": { args: ["run", "-w", "x", "wc", "in.txt"], says: [/-w/] },
    "mr run with an unknown app": { args: ["run", "nosuchapp", "in.txt"], says: ["nosuchapp", "wc"] },
    "mr sequential with an option of mr run": { args: ["sequential", "-w", "2", "wc", "in.txt"], says: [/-w/] },
    "mr run with a trace whose name is too long": {
      args: ["run", "wc", "--trace", "x".repeat(300), "in.txt"],
      says: [/cannot write the trace/, /too long/],
    },
    "mr replay-bad-records of what is below a file": {
      args: ["replay-bad-records", "wc", "in.txt/x"],
      says: ["in.txt/x", /no such file/],
    },
    "mr cat with --by and no --top": { args: ["cat", "--by", "value"], says: ["--by", "--top"] },
    "mr-worker without an app": { program: "mr-worker", args: [], says: [/missing required argument/] },
    "mr-worker with two apps": { program: "mr-worker", args: ["wc", "grep"], says: [/too many arguments/] },
    "mr-worker with a bad duration": {
      program: "mr-worker",
      args: ["--connect-timeout", "x", "wc"],
      says: [/connect-timeout/],
    },
    "mr-worker with a bad --arg": { program: "mr-worker", args: ["--arg", "x", "wc"], says: [/--arg/] },
    "mr-coordinator with a socket in no directory": {
      program: "mr-coordinator",
      args: ["-s", "no/such/dir.sock", "in.txt"],
      says: ["no/such/dir.sock", /does not exist/],
    },
    "mr-coordinator with a socket below a file": {
      program: "mr-coordinator",
      args: ["-s", "in.txt/sock", "in.txt"],
      says: [/in\.txt/],
    },
    "mr-coordinator with a socket that is a file": {
      program: "mr-coordinator",
      args: ["-s", "in.txt", "in.txt"],
      says: [/not a socket/],
    },
    "mr-coordinator with a socket without a name": {
      program: "mr-coordinator",
      args: ["-s", "", "in.txt"],
      says: [/""/],
    },
    "mr-coordinator with a socket whose path is too long": {
      program: "mr-coordinator",
      args: ["-s", `/tmp/${"x".repeat(110)}`, "in.txt"],
      says: [/choose a shorter one/],
    },
  })) {
    test(what, async ({ place }) => {
      place.write("in.txt", "the text");
      expectRefusal(await place.run(program, args), ...says);
      expect(place.files()).toEqual(["in.txt"]);
      expect(place.read("in.txt")).toBe("the text");
    });
  }

  test("mr without a command, which shows its help", async ({ place }) => {
    const { code, stdout, stderr } = await place.run("mr", []);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage: mr ");
  });
});

describe.concurrent("help", () => {
  for (const [program, ...command] of [
    ["mr"],
    ["mr", "run"],
    ["mr", "sequential"],
    ["mr", "coordinator"],
    ["mr", "worker"],
    ["mr-coordinator"],
    ["mr-worker"],
  ] as const) {
    const name = [program, ...command].join(" ");
    test(`of ${name} exits with 0 and shows examples of itself`, async ({ place }) => {
      const { code, stdout, stderr } = await place.run(program, [...command, "--help"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain(`Usage: ${name} `);
      expect(stdout).toContain(`Examples:\n  $ ${name} `);
      expect(await place.run(program, [...command, "-h"])).toMatchObject({ code: 0, stdout });
    });
  }

  test("of a command is shown by mr help, too", async ({ place }) => {
    const { stdout } = await place.succeed("mr", ["run", "--help"]);
    expect(await place.succeed("mr", ["help", "run"])).toMatchObject({ stdout, stderr: "" });
  });

  test("is not needed for the version, which every program tells", async ({ place }) => {
    for (const program of ["mr", "mr-coordinator", "mr-worker"] as const) {
      const { stdout, stderr } = await place.succeed(program, ["--version"]);
      expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
      expect(stderr).toBe("");
    }
  });
});
