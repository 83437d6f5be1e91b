import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/** The kernel's unit of processor time in `/proc`, the same on all current Linux machines. */
const ticksPerSecond = 100;

/** An observed process, and its peak memory. */
export interface ProcessPeak {
  /** Its program, or the script for an interpreter. */
  readonly name: string;
  /** High-water mark of resident memory, in bytes. */
  readonly peakBytes: number;
}

/**
 * Tracks the memory of a process and all its descendants through `/proc`. The kernel keeps the high-water mark of each
 * process, so periodic sampling misses only allocations between the last sample and the end. It keeps no high-water
 * mark of the sum over all processes: that is the greatest sum observed.
 */
export class ProcessTree {
  readonly #session: number;
  readonly #ours = new Map<number, ProcessPeak>();
  readonly #cpuTicks = new Map<number, number>();
  readonly #foreign = new Set<number>();
  #peakSumBytes = 0;

  /** `leader` is the leader of a session: a child that was started with `detached`. */
  constructor(leader: number) {
    this.#session = leader;
  }

  /** Samples all processes of the tree that are running now. */
  sample(): void {
    let ownBytes = 0;
    const sharedBytes = new Map<string, number>();
    for (const entry of readdirSync("/proc")) {
      const pid = Number(entry);
      // Processes that existed before are read only once, which matters when there are a hundred.
      if (!(pid > 0) || this.#foreign.has(pid)) continue;
      if (!this.#ours.has(pid) && !this.#isOurs(pid)) {
        this.#foreign.add(pid);
        continue;
      }
      const status = read(`/proc/${pid}/status`);
      this.#look(pid, status);
      ownBytes += bytesOf("RssAnon", status) + bytesOf("RssShmem", status);
      const program = linkOf(`/proc/${pid}/exe`);
      sharedBytes.set(program, Math.max(bytesOf("RssFile", status), sharedBytes.get(program) ?? 0));
    }
    const sum = [...sharedBytes.values()].reduce((all, bytes) => all + bytes, ownBytes);
    this.#peakSumBytes = Math.max(this.#peakSumBytes, sum);
  }

  /** The observed processes, the largest first. */
  get peaks(): ProcessPeak[] {
    return [...this.#ours.values()].sort((a, b) => b.peakBytes - a.peakBytes);
  }

  /**
   * The greatest resident memory of all processes at one time that was observed, in bytes. Pages of files (mostly a
   * program's own code) count once for all processes of the same program, which share them.
   */
  get peakSumBytes(): number {
    return this.#peakSumBytes;
  }

  /** The processor time of all processes until they were last observed, in seconds. */
  get cpuSeconds(): number {
    return [...this.#cpuTicks.values()].reduce((sum, ticks) => sum + ticks, 0) / ticksPerSecond;
  }

  /** Kills all observed processes that still run. */
  kill(): void {
    for (const pid of this.#ours.keys()) {
      // The process id may have been reused.
      if (!this.#isOurs(pid)) continue;
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    }
  }

  #isOurs(pid: number): boolean {
    const [, parent, , session] = statOf(pid);
    return Number(session) === this.#session || this.#ours.has(Number(parent));
  }

  #look(pid: number, status: string): void {
    const peak = bytesOf("VmHWM", status);
    if (peak === 0) return; // it has ended
    const before = this.#ours.get(pid);
    const name = nameOf(read(`/proc/${pid}/cmdline`)) ?? before?.name ?? "?";
    this.#ours.set(pid, { name, peakBytes: Math.max(peak, before?.peakBytes ?? 0) });
    const [user, system] = statOf(pid).slice(11, 13);
    if (user !== undefined) this.#cpuTicks.set(pid, Number(user) + Number(system));
  }
}

/**
 * The program of a command line, or the script for an interpreter; undefined for a process that is ending, which has no
 * command line.
 */
function nameOf(commandLine: string): string | undefined {
  const [program = "", ...args] = commandLine.split("\0");
  if (program === "") return undefined;
  const script = /node|python|perl/.test(basename(program)) ? scriptOf(args) : undefined;
  return basename(script ?? program);
}

/** The script given to an interpreter: the first argument, or, after options, the first that looks like a file. */
function scriptOf(args: readonly string[]): string | undefined {
  const isOption = args[0]?.startsWith("-") ?? true;
  return isOption ? args.find((arg) => /^[^-]\S*\.\w+$/.test(arg)) : args[0];
}

/** A process's state, parent, group, session and so on, without its id and name. */
function statOf(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`);
  // The program's name, in brackets, may contain spaces and brackets.
  return stat === "" ? [] : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** A size of `/proc/PID/status`; 0 when the process has ended. */
function bytesOf(name: string, status: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "?";
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
