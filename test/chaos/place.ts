import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { killIfThere, processesWith, type LivingProcess } from "../support/processes.js";
import type { Input } from "./inputs.js";
import { Program } from "./program.js";
import { SmallDisk } from "./small-disk.js";

/** The environment variable that marks every process of a job. */
const marker = "MR_CHAOS_JOB";

const lockDirectory = "/var/tmp";
const stepName = /^mr-step-\d+$/;

/** The directory of one job: inputs, outputs, socket, log; and the processes started there. */
export class Place {
  readonly directory = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "mr-chaos-")));
  readonly socket = join(this.directory, "mr.sock");
  readonly logPath = join(this.directory, "log.txt");
  /** Undefined when none was requested, or none is possible. */
  readonly disk: SmallDisk | undefined;
  readonly outputDirectory: string;
  readonly #programs: string;
  readonly #startedMs = performance.now();
  /** Undefined once it is closed: the death of a process killed at the end is noticed after that. */
  #log: number | undefined = fs.openSync(this.logPath, "a");

  constructor(programs: string, { hasSmallDisk }: { readonly hasSmallDisk: boolean }) {
    this.#programs = programs;
    this.disk = hasSmallDisk ? SmallDisk.mount(join(this.directory, "disk")) : undefined;
    this.outputDirectory = join(this.disk?.path ?? this.directory, "out");
  }

  writeInputs(inputs: readonly Input[]): void {
    for (const { name, text } of inputs) {
      const path = join(this.directory, name);
      fs.mkdirSync(dirname(path), { recursive: true });
      fs.writeFileSync(path, text);
    }
  }

  /** Starts a program as the leader of a process group, so that a Ctrl-C at the terminal reaches only this process. */
  start(name: string, program: string, args: readonly string[]): Program {
    const { PATH = "", HOME = "" } = process.env;
    const child = spawn(process.execPath, [join(this.#programs, `${program}.js`), ...args], {
      cwd: this.directory,
      env: { PATH, HOME, MR_SOCKET: this.socket, [marker]: this.directory },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.log("chaos", `starts ${name}, pid ${child.pid}: ${program} ${args.join(" ")}`);
    return new Program(name, child, (text) => {
      this.log(name, text);
    });
  }

  /** Logs an action or a message, with the time. */
  log(who: string, text: string): void {
    if (this.#log === undefined) return;
    const seconds = ((performance.now() - this.#startedMs) / 1000).toFixed(3);
    for (const line of text.replace(/\n$/, "").split("\n")) {
      fs.writeSync(this.#log, `${seconds} ${who}: ${line}\n`);
    }
  }

  /** The live processes that were started here, with their children and grandchildren. */
  processes(): LivingProcess[] {
    return processesWith(marker, this.directory);
  }

  /**
   * The files in the output directory, and in the directories of steps: `mr-step-1/mr-out-0`. Empty when it does not
   * exist.
   */
  outputNames(): string[] {
    const steps = this.#stepNames().flatMap((step) => namesIn(join(this.outputDirectory, step), `${step}/`));
    return [...namesIn(this.outputDirectory).filter((name) => !stepName.test(name)), ...steps].sort();
  }

  #stepNames(): string[] {
    return namesIn(this.outputDirectory).filter((name) => stepName.test(name));
  }

  /** What must not exist when no process is left: sockets and locks. */
  litter(): string[] {
    const sockets = fs.readdirSync(this.directory).filter((name) => name.startsWith(basename(this.socket)));
    const taken = ["", ...this.#stepNames()].map((name) => lockOf(join(this.outputDirectory, name)));
    const locks = fs.readdirSync(lockDirectory).filter((name) => taken.some((lock) => name.startsWith(lock)));
    return [...sockets.map((name) => join(this.directory, name)), ...locks.map((name) => join(lockDirectory, name))];
  }

  /** Ends all processes and removes everything; with `keep` the files stay for investigation. */
  async close({ keep }: { readonly keep: boolean }): Promise<void> {
    for (let left = this.processes(); left.length > 0; left = this.processes()) {
      for (const { pid } of left) killIfThere(pid, "SIGKILL");
      await sleep(10);
    }
    fs.rmSync(join(lockDirectory, doneNoteOf(this.socket)), { force: true });
    for (const path of this.litter()) if (path.startsWith(lockDirectory)) fs.rmSync(path, { force: true });
    if (keep && this.disk !== undefined) {
      fs.cpSync(this.disk.path, join(this.directory, "disk-as-it-was"), { recursive: true });
    }
    this.disk?.unmount();
    if (this.#log !== undefined) fs.closeSync(this.#log);
    this.#log = undefined;
    if (!keep) fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

function namesIn(directory: string, prefix = ""): string[] {
  try {
    return fs.readdirSync(directory).map((name) => prefix + name);
  } catch {
    return [];
  }
}

function lockOf(directory: string): string {
  const hash = createHash("sha256").update(directory).digest("hex").slice(0, 16);
  return `mr-${process.getuid?.()}-${hash}.lock`;
}

/** The note that a coordinator leaves for workers that come too late. */
function doneNoteOf(socket: string): string {
  const hash = createHash("sha256").update(socket).digest("hex").slice(0, 16);
  return `mr-${process.getuid?.()}-${hash}.done`;
}
