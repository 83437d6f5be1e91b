import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCommand, type Measurement } from "../../bench/measure/run-command.js";

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), "bench-run-")), "output");
  await mkdir(directory);
});
afterEach(() => rm(join(directory, ".."), { recursive: true }));

function run(command: string, timeoutMs = 60_000, signal = new AbortController().signal): Promise<Measurement> {
  return runCommand(command, { directory, environment: process.env, timeoutMs, signal });
}

test("a command is measured with all its processes", async () => {
  const allocate = "node -e 'globalThis.b = Buffer.alloc(2e8, 1); setTimeout(() => {}, 300)'";
  const { seconds, cpuSeconds, processes } = await run(`echo said; sleep 0.2 | ${allocate}`);
  expect(seconds).toBeGreaterThan(0);
  expect(cpuSeconds).toBeGreaterThan(0);
  expect(processes[0]?.name).toBe("node");
  expect(processes[0]?.peakBytes).toBeGreaterThan(2e8);
  expect(processes.map(({ name }) => name)).toContain("sleep");
});

test("a command that fails is an error that says what it said", async () => {
  await expect(run("echo 'no such thing' >&2; exit 3")).rejects.toThrow("exit code 3: no such thing");
  await expect(run("false | cat")).rejects.toThrow("exit code 1");
});

test("a command that takes too long is ended", async () => {
  await expect(run("sleep 60 | cat", 100)).rejects.toThrow("not done in 0.1 s");
});

test("an interrupt ends the command", async () => {
  const interrupt = new AbortController();
  const running = run("sleep 60 & wait", 60_000, interrupt.signal);
  interrupt.abort(new Error("stopped"));
  await expect(running).rejects.toThrow("stopped");
});
