import { describe, expect } from "vitest";
import { test } from "./programs.js";

const commands: [name: string, args: string[]][] = [
  ["mr run", ["run", "-w", "1", "-r", "1", "--max-attempts", "1"]],
  ["mr sequential", ["sequential", "-r", "1"]],
];

describe.each(commands)("%s", (_, command) => {
  test("prevents an app from changing state that the whole process shares, with advice", async ({ place }) => {
    const input = place.write("in.txt", "a\n");
    for (const [call, says] of [
      [`process.chdir("/")`, /an app cannot call process\.chdir: .*; use absolute paths/],
      [`process.umask(0o77)`, /an app cannot call process\.umask: .*; pass the mode/],
      [`process.setgid(0)`, /an app cannot call process\.setgid/],
    ] as const) {
      const app = place.write("app.mjs", `export const map = () => ${call}; export const reduce = () => 1;`);
      const { code, stderr } = await place.run("mr", [...command, app, input]);
      expect(stderr).toMatch(says);
      expect(code).toBe(1);
    }
  });

  test("gives each attempt the job's environment, and ignores an app's exit code", async ({ place }) => {
    const app = place.write(
      "app.mjs",
      `export function map(file, text, ctx) {
        ctx.emit(String(process.env.LEFT_BEHIND), process.env.KEPT);
        process.env.LEFT_BEHIND = "yes";
        delete process.env.KEPT;
        process.exitCode = 3;
        process.umask();
      }
      export const reduce = (key, values) => values.join(",") + "," + process.env.LEFT_BEHIND;`,
    );
    const inputs = ["a", "b"].map((name) => place.write(name, "x"));
    await place.succeed("mr", [...command, "-q", app, ...inputs], { env: { KEPT: "k" } });
    expect(place.read("mr-output/mr-out-0")).toBe("undefined k,k,undefined\n");
  });
});
