import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/** The kernel's unit of processor time in `/proc`, on all machines that Linux runs on now. */
const ticksPerSecond = 100;

/** A process that was seen, and the most memory it ever had. */
export interface ProcessPeak {
  /** Its program; for an interpreter the script. */
  readonly name: string;
  /** High-water mark of resident memory, in bytes. */
  readonly peakBytes: number;
}

/**
 * The memory of a process and all its descendants, by `/proc`. The kernel keeps the high-water mark of each process, so
 * looking now and then misses only what a process allocates between the last look and its end. Of the sum of all
 * processes it keeps none: that is the greatest one seen.
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

  /** Looks at all processes of the tree that run now. */
  sample(): void {
    let ownBytes = 0;
    const sharedBytes = new Map<string, number>();
    for (const entry of readdirSync("/proc")) {
      const pid = Number(entry);
      // Processes that were there before are looked at once only: with a hundred of them it matters.
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

  /** What was seen so far, the largest first. */
  get peaks(): ProcessPeak[] {
    return [...this.#ours.values()].sort((a, b) => b.peakBytes - a.peakBytes);
  }

  /**
   * The most resident memory that all processes were seen to have at one time, in bytes. Pages of files (a program's own
   * code, most of all) are counted once for all processes of the same program, which share them.
   */
  get peakSumBytes(): number {
    return this.#peakSumBytes;
  }

  /** Time of all processes on the processors until they were last seen, in seconds. */
  get cpuSeconds(): number {
    return [...this.#cpuTicks.values()].reduce((sum, ticks) => sum + ticks, 0) / ticksPerSecond;
  }

  /** Ends all processes that were seen and still run. */
  kill(): void {
    for (const pid of this.#ours.keys()) {
      // A number may have been given to another process meanwhile.
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

/** The program of a command line, for an interpreter the script; undefined of a process that is just ending, which has none. */
function nameOf(commandLine: string): string | undefined {
  const [program = "", ...args] = commandLine.split("\0");
  if (program === "") return undefined;
  const script = /node|python|perl/.test(basename(program)) ? scriptOf(args) : undefined;
  return basename(script ?? program);
}

/** The script that an interpreter was given: the first argument, or, after options, the first that looks like a file. */
function scriptOf(args: readonly string[]): string | undefined {
  const isOption = args[0]?.startsWith("-") ?? true;
  return isOption ? args.find((arg) => /^[^-]\S*\.\w+$/.test(arg)) : args[0];
}

/** State, parent, group, session and so on: what is known of a process, without its number and name. */
function statOf(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`);
  // The name of the program, in brackets, may have spaces and brackets itself.
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
