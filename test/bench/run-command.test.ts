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
  const { processes } = await run(`echo said; sleep 0.3 | node -e 'setTimeout(() => {}, 300)'`);
  expect(processes[0]?.name).toBe("node");
  expect(processes.map(({ name }) => name)).toContain("sleep");
});

test("time is in seconds", async () => {
  const asleep = await run("sleep 0.3");
  expect(asleep.seconds).toBeGreaterThanOrEqual(0.3);
  expect(asleep.seconds).toBeLessThan(30);
  expect(asleep.cpuSeconds).toBeLessThan(asleep.seconds);
  const busy = await run("node -e 'const end = Date.now() + 500; while (Date.now() < end);'");
  expect(busy.cpuSeconds).toBeGreaterThan(0.1);
  expect(busy.cpuSeconds).toBeLessThan(30);
});

test("memory is in bytes: for the largest process, and for all together", async () => {
  const mebibyte = 2 ** 20;
  const allocate = "node -e 'globalThis.b = Buffer.alloc(64 * 2 ** 20, 1); setTimeout(() => {}, 1000)'";
  const { processes, peakSumBytes } = await run(`${allocate} & ${allocate} & wait`);
  expect(processes[0]?.peakBytes).toBeGreaterThanOrEqual(64 * mebibyte);
  expect(processes[0]?.peakBytes).toBeLessThan(1024 * mebibyte);
  expect(peakSumBytes).toBeGreaterThanOrEqual(128 * mebibyte);
  expect(peakSumBytes).toBeLessThan(2048 * mebibyte);
});

test("a command that fails is an error with its message", async () => {
  await expect(run("echo 'no such thing' >&2; exit 3")).rejects.toThrow("exit code 3: no such thing");
  await expect(run("false | cat")).rejects.toThrow("exit code 1");
});

test("a command that takes too long is killed", async () => {
  await expect(run("sleep 60 | cat", 100)).rejects.toThrow("not done in 0.1 s");
});

test("an interrupt ends the command", async () => {
  const interrupt = new AbortController();
  const running = run("sleep 60 & wait", 60_000, interrupt.signal);
  interrupt.abort(new Error("stopped"));
  await expect(running).rejects.toThrow("stopped");
});
