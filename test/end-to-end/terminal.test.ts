import { stripVTControlCharacters } from "node:util";
import xterm from "@xterm/headless";
import { describe, expect } from "vitest";
import { test, until, type Place, type Program } from "./programs.js";

const size = { columns: 40, rows: 10 };

/** Its first map waits for a file `go`. */
const waitingApp = `
import { existsSync } from "node:fs";
const pause = new Int32Array(new SharedArrayBuffer(4));
export function map(file, text, ctx) {
  while (ctx.task === 0 && !existsSync("go")) Atomics.wait(pause, 0, 0, 20);
  ctx.emit(text.trim(), 1);
}
export function reduce(key, values) { return String(values.length); }
`;

/** The screen of a terminal after receiving this. */
async function shownBy(output: string): Promise<string[]> {
  const terminal = new xterm.Terminal({ cols: size.columns, rows: size.rows, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(output, resolve));
  const buffer = terminal.buffer.active;
  const lines = Array.from({ length: buffer.length }, (_, y) => buffer.getLine(y)?.translateToString(true) ?? "");
  return lines.filter((line) => line !== "");
}

/** Starts a job of two maps, where one waits. */
function startHalf(place: Place, env?: Record<string, string>): Program {
  place.write("waiting.mjs", waitingApp);
  const inputs = ["a", "b"].map((name) => place.write(`${name}.txt`, `${name}\n`));
  const args = ["run", "-w", "2", "-r", "3", "-o", "out", "waiting.mjs", ...inputs];
  return place.startInTerminal("mr", args, size, env);
}

async function isDrawn(program: Program): Promise<void> {
  await until(
    () => stripVTControlCharacters(program.stdout).includes(" 1/2"),
    () => `the bars; there is: ${JSON.stringify(program.stdout)}`,
  );
}

describe.concurrent("a job in a terminal", () => {
  test("shows bars that fit into it, and removes them at the end", async ({ place }) => {
    const program = startHalf(place);
    await isDrawn(program);
    const [map = "", reduce = "", others = ""] = await shownBy(program.stdout);
    expect(map).toMatch(/^map {4}█+░+ 1\/2/);
    expect(reduce).toMatch(/^reduce ░+ 0\/3$/);
    expect(others).toBe("       2 workers");
    expect(program.stdout).toContain("\x1b[36m█");
    place.write("go", "");
    const { code, stdout } = await program.exit();
    expect(code).toBe(0);
    expect((await shownBy(stdout))[0]).toMatch(/^mr run: done in /);
    expect((await shownBy(stdout)).join("\n")).not.toMatch(/[█░]/);
  });

  test("has no colours with NO_COLOR", async ({ place }) => {
    const program = startHalf(place, { NO_COLOR: "1" });
    await isDrawn(program);
    place.write("go", "");
    const { code, stdout } = await program.exit();
    expect(code).toBe(0);
    expect(stdout).toContain("█");
    // eslint-disable-next-line no-control-regex -- That is what a colour begins with.
    expect(stdout).not.toMatch(/\x1b\[\d+m/);
  });
});
