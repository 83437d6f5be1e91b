import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ProcessTree, type ProcessPeak } from "./process-tree.js";

const sampleEveryMs = 25;

/** The shell that starts the command writes its time to descriptor 3: seconds, user seconds, system seconds. */
const timed = `set -o pipefail; TIMEFORMAT='%3R %3U %3S'; { time eval "$1" 2>&4 3>&-; } 4>&2 2>&3`;

export interface CommandOptions {
  /** Where it runs; its output goes to `log.txt` in the parent directory. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  /** Aborting it ends the command and throws the reason. */
  readonly signal: AbortSignal;
}

export interface Measurement {
  /** Wall time. */
  readonly seconds: number;
  /** Processor time of all its processes, user and system. */
  readonly cpuSeconds: number;
  /** The observed processes, the largest first. */
  readonly processes: readonly ProcessPeak[];
  /** The greatest memory of all processes together that was observed, in bytes. */
  readonly peakSumBytes: number;
}

/** The command failed or took too long; the message says which, with the end of the command's output. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/**
 * Runs a shell command (bash) and measures it with all its processes.
 *
 * @throws {CommandError} when its exit code is not 0, or it takes too long.
 */
export async function runCommand(command: string, options: CommandOptions): Promise<Measurement> {
  options.signal.throwIfAborted();
  const logPath = join(options.directory, "..", "log.txt");
  const log = openSync(logPath, "w");
  // Bash reads ~/.bashrc even for a command if it believes that it was called over the network.
  const child = spawn("bash", ["--norc", "-c", timed, "bash", command], {
    cwd: options.directory,
    env: options.environment,
    detached: true,
    stdio: ["ignore", log, log, "pipe"],
  });
  closeSync(log);
  const tree = new ProcessTree(child.pid ?? 0);
  const ended = once(child, "exit") as Promise<[code: number | null, signal: string | null]>;
  const told = text(child.stdio[3] as NodeJS.ReadableStream);
  tree.sample();
  const sampling = setInterval(() => tree.sample(), sampleEveryMs);
  const stop = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
    tree.kill();
  };
  // Not `AbortSignal.timeout` in `AbortSignal.any`: Node.js 20 may collect it as garbage too early.
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
    stop();
  }, options.timeoutMs);
  options.signal.addEventListener("abort", stop);
  try {
    const [code] = await ended;
    options.signal.throwIfAborted();
    if (late.signal.aborted) throw new CommandError(`not done in ${options.timeoutMs / 1000} s`);
    if (code !== 0) throw new CommandError(`exit code ${code ?? "none"}: ${endOf(logPath)}`);
    const [seconds = NaN, user = NaN, system = NaN] = (await told).trim().split(" ").map(Number);
    // The shell knows only processes that were waited for, but until their end; the tree knows all, until shortly
    // before it.
    const cpuSeconds = Math.max(user + system, tree.cpuSeconds);
    return { seconds, cpuSeconds, processes: tree.peaks, peakSumBytes: tree.peakSumBytes };
  } finally {
    options.signal.removeEventListener("abort", stop);
    clearTimeout(timer);
    clearInterval(sampling);
    tree.kill();
  }
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = "";
  for await (const chunk of stream) all += String(chunk);
  return all;
}

function endOf(logPath: string): string {
  return readFileSync(logPath, "utf8").trim().split("\n").slice(-3).join(" / ").slice(-400);
}
