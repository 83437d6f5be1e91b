/** Pipes whose reader is slow, or leaves: no output is lost, and there is no message about the pipe. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect } from "vitest";
import { root, test, type Place } from "./programs.js";

const lines = 20_000;

/** More than a pipe holds. */
const printingApp = `
export const input = "lines";
export function map(file, line, ctx) {
  console.log("saw " + line + " of " + "noise".repeat(5));
  if (line === process.env.LAST) process.exit(3);
  ctx.emit("lines", 1);
}
export function reduce(key, ones) { if (process.env.FAIL) throw new Error("the real error"); return ones.length; }
`;

const program = `"${process.execPath}" "${join(root, "dist/src/cli/mr.js")}"`;

/** The output through a pipe whose reader starts after a while. */
async function slowly(place: Place, command: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  return inPipe(place, command, "(sleep 2; cat)", env);
}

async function inPipe(
  place: Place,
  command: string,
  reader: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  place.write("prints.mjs", printingApp);
  place.write("lines.txt", Array.from({ length: lines }, (_, n) => `${n + 1}\n`).join(""));
  const script = `mr() { ${program} "$@"; }; ${command} | ${reader}; echo "code \${PIPESTATUS[0]}"`;
  const options = { cwd: place.directory, env: { ...process.env, ...env }, maxBuffer: 2 ** 28 };
  return (await promisify(execFile)("bash", ["-c", script], options)).stdout;
}

/** How many lines the app has printed, and the other output. */
function sorted(output: string): { readonly printed: number; readonly rest: string } {
  const all = output.split("\n");
  const isOther = (line: string) => !/^\[map \d+\] saw \d+ of noise/.test(line);
  const rest = all.filter(isOther);
  return { printed: all.length - rest.length, rest: rest.join("\n") };
}

describe.concurrent("a slow reader", () => {
  test("gets everything an app prints in mr run, and the error that ends the job", async ({ place }) => {
    const { printed, rest } = sorted(
      await slowly(place, "mr run -r 1 --max-attempts 1 ./prints.mjs lines.txt 2>&1", { FAIL: "1" }),
    );
    expect(printed).toBe(lines);
    expect(rest).toMatch(/mr run: the job failed: reduce task 0: Error: the real error\n[^]*code 1\n$/);
  });

  test("gets everything an app prints in mr sequential", async ({ place }) => {
    const { printed, rest } = sorted(await slowly(place, "mr sequential -q -r 1 ./prints.mjs lines.txt"));
    expect(printed).toBe(lines);
    expect(rest).toMatch(/code 0\n$/);
  });

  test("gets everything until the app calls process.exit, and the message about that", async ({ place }) => {
    const { printed, rest } = sorted(
      await slowly(place, "mr sequential -r 1 ./prints.mjs lines.txt 2>&1", { LAST: "15000" }),
    );
    expect(printed).toBe(15_000);
    expect(rest).toMatch(/mr sequential: the app ended the process [^\n]*\ncode 1\n$/);
  });

  test("gets everything until the app ends its thread in mr run", async ({ place }) => {
    const command = "mr run -w 1 -r 1 --max-crashes 1 --split-size 1GiB ./prints.mjs lines.txt 2>&1";
    const { printed, rest } = sorted(await slowly(place, command, { LAST: "15000" }));
    expect(printed).toBe(15_000);
    expect(rest).toMatch(/does it call process\.exit[^]*code 1\n$/);
  });

  test("gets the whole output of mr cat", async ({ place }) => {
    const command = "mr run -q -r 2 wc lines.txt && mr sequential -q -r 3 ./prints.mjs lines.txt > /dev/null; mr cat";
    expect(await slowly(place, command)).toBe(`lines ${lines}\ncode 0\n`);
  });
});

describe.concurrent("a reader that leaves early", () => {
  for (const command of [
    "mr --help",
    "mr help run",
    "mr run --print-config",
    "mr sequential -r 1 ./prints.mjs lines.txt",
  ]) {
    test(`ends ${command} quietly`, async ({ place }) => {
      expect(await inPipe(place, `${command} 2> errors`, "head -n 1 > /dev/null")).toBe("code 0\n");
      expect(place.read("errors")).not.toMatch(/EPIPE|internal error|\n +at /);
    });
  }

  test("of standard error does not keep mr run from finishing", async ({ place }) => {
    expect(await inPipe(place, "mr run -r 1 -o out ./prints.mjs lines.txt 2>&1", "head -n 1 > /dev/null")).toBe(
      "code 0\n",
    );
    expect(place.read("out/mr-out-0")).toBe(`lines ${lines}\n`);
  });
});

test("a reader that reads nothing cannot hold up an interrupted job", async ({ place }) => {
  // A shell makes background processes ignore SIGINT, but Node.js listens to it all the same.
  const run = `(${program} run -r 1 ./prints.mjs lines.txt 2>&1 & p=$!
    until [ -e mr-output ]; do sleep 0.1; done; sleep 1; kill -INT $p; wait $p; echo $? > code)`;
  await inPipe(place, run, "(until [ -e code ]; do sleep 0.1; done)");
  expect(place.read("code")).toBe("130\n");
});
