/**
 * The names chosen by users, their files and their apps must not control the terminal, nor imitate a line of the
 * program.
 */
import { describe, expect } from "vitest";
import { test, type Ended } from "./programs.js";

const evil = "a\x1b[31m\rb\nmr run: c\u202e\x9b";
const shown = "a\\x1b[31m\\rb\\nmr run: c\\u202e\\x9b";

const app = `
export function map(file, text, ctx) {
  ctx.counter(${JSON.stringify(evil)}).add(2);
  if (ctx.args.fail) throw new Error(${JSON.stringify(evil)});
  ctx.emit(${JSON.stringify(evil.replace("\n", " "))}, 1);
}
export function reduce(key, values) { return String(values.length); }
`;

function expectTame({ stdout, stderr }: Ended): void {
  // eslint-disable-next-line no-control-regex -- They are what is looked for.
  expect(stdout + stderr).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202e]/);
  const started = (stdout + stderr).split("\n").filter((line) => line.startsWith("mr run: c"));
  expect(started).toEqual([]);
}

describe.concurrent("control characters are made visible", () => {
  for (const command of ["run", "sequential"]) {
    test(`in the names of counters and directories that mr ${command} sums up`, async ({ place }) => {
      place.write("app.mjs", app);
      place.write("in.txt", "x\n");
      const ended = await place.succeed("mr", [command, "-r", "1", "-o", evil, "./app.mjs", "in.txt"]);
      expectTame(ended);
      expect(ended.stderr).toContain(`\n  ${shown} = 2\n`);
      expect(ended.stderr).toContain(`to ${shown}/mr-out-0\n`);
      // The output is data.
      expect((await place.succeed("mr", ["cat", evil])).stdout).toBe(`${evil.replace("\n", " ")} 1\n`);
      expectTame(await place.succeed("mr", ["verify", evil]));
    });

    test(`in what an app throws in mr ${command}`, async ({ place }) => {
      place.write("app.mjs", app);
      place.write("in.txt", "x\n");
      const args = [command, "-r", "1", "-o", "out", "--arg", "fail=1", "./app.mjs", "in.txt"];
      const ended = await place.run("mr", args);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain("a\\x1b[31m\\rb");
      expectTame(ended);
    });
  }

  test("in the names of inputs, apps and options that are refused", async ({ place }) => {
    place.write("in.txt", "x\n");
    for (const args of [
      ["run", "wc", evil],
      ["run", evil, "in.txt"],
      ["run", `--${evil}`, "wc", "in.txt"],
      ["run", "-w", evil, "wc", "in.txt"],
      ["cat", evil],
      ["verify", evil],
      ["report", evil],
    ]) {
      const ended = await place.run("mr", args);
      expect(ended.code).not.toBe(0);
      expect(ended.stderr).toContain("a\\x1b[31m\\rb");
      // eslint-disable-next-line no-control-regex -- As above.
      expect(ended.stderr).not.toMatch(/[\x1b\r\x9b\u202e]/);
    }
  });

  test("in the options that are shown", async ({ place }) => {
    expectTame(await place.succeed("mr", ["run", "--print-config", "-o", evil, "--arg", `a=${evil}`]));
    place.write("in.txt", "x\n");
    expectTame(await place.succeed("mr", ["run", "--dry-run", "-o", evil, "wc", "in.txt"]));
  });
});
