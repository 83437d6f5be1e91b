import { readdirSync, readFileSync } from "node:fs";
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
 * looking now and then misses only what a process allocates between the last look and its end.
 */
export class ProcessTree {
  readonly #session: number;
  readonly #ours = new Map<number, ProcessPeak>();
  readonly #cpuTicks = new Map<number, number>();
  readonly #foreign = new Set<number>();

  /** `leader` is the leader of a session: a child that was started with `detached`. */
  constructor(leader: number) {
    this.#session = leader;
  }

  /** Looks at all processes of the tree that run now. */
  sample(): void {
    for (const entry of readdirSync("/proc")) {
      const pid = Number(entry);
      // Processes that were there before are looked at once only: with a hundred of them it matters.
      if (!(pid > 0) || this.#foreign.has(pid)) continue;
      if (this.#ours.has(pid) || this.#isOurs(pid)) this.#look(pid);
      else this.#foreign.add(pid);
    }
  }

  /** What was seen so far, the largest first. */
  get peaks(): ProcessPeak[] {
    return [...this.#ours.values()].sort((a, b) => b.peakBytes - a.peakBytes);
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

  #look(pid: number): void {
    const peak = /VmHWM:\s*(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1];
    if (peak === undefined) return; // it has ended
    const [program = "?", ...args] = read(`/proc/${pid}/cmdline`).split("\0");
    const script = /node|python|perl/.test(basename(program))
      ? args.find((arg) => /^[^-].*\.\w+$/.test(arg))
      : undefined;
    const peakBytes = Math.max(Number(peak) * 1024, this.#ours.get(pid)?.peakBytes ?? 0);
    this.#ours.set(pid, { name: basename(script ?? program), peakBytes });
    const [user, system] = statOf(pid).slice(11, 13);
    if (user !== undefined) this.#cpuTicks.set(pid, Number(user) + Number(system));
  }
}

/** State, parent, group, session and so on: what is known of a process, without its number and name. */
function statOf(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`);
  // The name of the program, in brackets, may have spaces and brackets itself.
  return stat === "" ? [] : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
