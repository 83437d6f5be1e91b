/**
 * Starts the built programs as a user would: real processes, sockets and files, each test in its own directory.
 *
 * Whatever it tests, a test fails when a program leaves something behind: see `Place.expectTidy`.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test as plainTest } from "vitest";
import { killIfThere, processesWith, type LivingProcess } from "../support/processes.js";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * No test asserts a duration: this is how long a noisy machine may take for what usually takes a fraction of a second.
 */
const deadlineMs = 40_000;
const pollIntervalMs = 20;

export type ProgramName = "mr" | "mr-coordinator" | "mr-worker";

/** How a program ended, and its output. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that was started; the leader of a process group, like a command typed into a terminal. */
export class Program {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #ended: Promise<Ended>;
  stdout = "";
  stderr = "";

  constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    // "close", not "exit": then all output was read, including its children's.
    this.#ended = once(child, "close").then(([code, signal]) => {
      return { code: code as number | null, signal: signal as NodeJS.Signals | null, ...this.#texts() };
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Acts like a terminal at Ctrl-C: the signal goes to the program and all its children at once. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Waits for the end. */
  async exit(): Promise<Ended> {
    const timer = new AbortController();
    const late = sleep(deadlineMs, undefined, { signal: timer.signal, ref: false }).then(
      () => {
        throw new Error(`${this.#name} has not ended; it said:\n${this.stdout}${this.stderr}`);
      },
      () => new Promise<never>(() => undefined),
    );
    const ended = await Promise.race([this.#ended, late]);
    timer.abort();
    return ended;
  }

  /** Waits until it has printed something to standard error. */
  async says(pattern: RegExp | string): Promise<void> {
    const found = () => (typeof pattern === "string" ? this.stderr.includes(pattern) : pattern.test(this.stderr));
    await until(found, () => `${this.#name} to say ${String(pattern)}; it said:\n${this.stderr}`);
  }

  #texts() {
    return { stdout: this.stdout, stderr: this.stderr };
  }
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Name of the file to use as standard input; none when absent. */
  readonly stdin?: string;
}

/** The directory of one test, and the programs started there. */
export class Place {
  readonly directory = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "mr-end-to-end-")));
  readonly socket = join(this.directory, "mr.sock");
  /** Set by tests that kill a process after which nothing can clean up, or that keep files. */
  leavesFiles = false;
  readonly #outputDirectories = new Set([this.directory]);

  /** Starts a program. Coordinator and workers meet at the place's own socket. */
  start(name: ProgramName, args: readonly string[], options: StartOptions = {}): Program {
    const { cwd = this.directory, env = {}, stdin } = options;
    this.#noteOutputDirectory(name, args, cwd);
    const command = [process.execPath, programFile(name), ...args];
    if (stdin === undefined) return this.#start(command, cwd, env);
    const descriptor = fs.openSync(join(this.directory, stdin), "r");
    try {
      return this.#start(command, cwd, env, descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  }

  /**
   * Starts a program in its own terminal with this many columns and rows, whose contents become the standard output.
   */
  startInTerminal(
    name: ProgramName,
    args: readonly string[],
    { columns, rows }: { readonly columns: number; readonly rows: number },
    env: Readonly<Record<string, string>> = {},
  ): Program {
    this.#noteOutputDirectory(name, args, this.directory);
    const command = [process.execPath, programFile(name), ...args].map((word) => `'${word}'`).join(" ");
    const inShell = `stty cols ${columns} rows ${rows}; exec ${command}`;
    const terminal = { TERM: "xterm-256color", SHELL: "/bin/sh", ...env };
    return this.#start(
      ["script", "--quiet", "--flush", "--return", "--command", inShell, "/dev/null"],
      this.directory,
      terminal,
    );
  }

  /** Runs a program to its end. */
  run(name: ProgramName, args: readonly string[], options?: StartOptions): Promise<Ended> {
    return this.start(name, args, options).exit();
  }

  /** Runs a program that must succeed. */
  async succeed(name: ProgramName, args: readonly string[], options?: StartOptions): Promise<Ended> {
    const ended = await this.run(name, args, options);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: ended.stderr });
    return ended;
  }

  /** Runs a job with a coordinator and that many workers. All must succeed, unless they come too late. */
  async pair(
    app: string,
    inputs: readonly string[],
    options: readonly string[] = [],
    workers = 2,
    workerOptions: readonly string[] = [],
  ): Promise<Ended> {
    const coordinator = this.start("mr-coordinator", [...options, "--", ...inputs]);
    await coordinator.says("listening at");
    const others = Array.from({ length: workers }, () =>
      // Also how long a busy coordinator may take to answer, and how long a worker waits that arrives after its end.
      this.start("mr-worker", ["--quiet", "--connect-timeout", "5s", ...workerOptions, app]),
    );
    const ends = await Promise.all(others.map((worker) => worker.exit()));
    const failed = ends.filter(({ code, stderr }) => code !== 0 && !stderr.includes("no coordinator at"));
    expect(failed).toEqual([]);
    const ended = await coordinator.exit();
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: ended.stderr });
    return ended;
  }

  /** Writes a file, creating its directories. Returns the name. */
  write(name: string, contents: string | Uint8Array): string {
    const path = join(this.directory, name);
    fs.mkdirSync(dirname(path), { recursive: true });
    fs.writeFileSync(path, contents);
    return name;
  }

  read(name: string): string {
    return fs.readFileSync(join(this.directory, name), "utf8");
  }

  readBytes(name: string): Buffer {
    return fs.readFileSync(join(this.directory, name));
  }

  exists(name: string): boolean {
    return fs.existsSync(join(this.directory, name));
  }

  /** All files below the directory, including hidden ones and sockets but not directories. Sorted. */
  files(under = ""): string[] {
    return this.#entries(under).filter((name) => {
      // It may have gone meanwhile.
      return fs.lstatSync(join(this.directory, name), { throwIfNoEntry: false })?.isDirectory() === false;
    });
  }

  /** The live processes that were started here, with their children and grandchildren. */
  processes(): LivingProcess[] {
    return processesWith(marker, this.directory);
  }

  /** The live workers that `mr run` has started here. */
  workersOfRun(): number[] {
    const found = this.processes().filter(({ command }) => command.includes("/worker-child.js "));
    return found.map(({ pid }) => pid);
  }

  /** The lock that a running job holds on its output directory: a socket with a name derived from the directory's. */
  lockOf(outputDirectory: string): string {
    const hash = createHash("sha256").update(resolve(this.directory, outputDirectory)).digest("hex");
    return `/var/tmp/mr-${process.getuid?.()}-${hash.slice(0, 16)}.lock`;
  }

  /** The note that a coordinator at the place's socket leaves for late workers. */
  get #doneNote(): string {
    const hash = createHash("sha256").update(this.socket).digest("hex");
    return `/var/tmp/mr-${process.getuid?.()}-${hash.slice(0, 16)}.done`;
  }

  /** Waits until no process is left, and requires that every remaining file is the output of a job. */
  async expectTidy(): Promise<void> {
    const left = () => this.processes().map(({ command }) => command);
    await until(
      () => left().length === 0,
      () => `all processes to end, but there are: ${left().join(", ")}`,
    );
    if (this.leavesFiles) return;
    const sockets = this.files().filter((name) => fs.lstatSync(join(this.directory, name)).isSocket());
    // The name of the note for late workers may look like an intermediate file's.
    const names = this.files().filter((name) => !name.endsWith(".done"));
    const jobFiles = names.filter((name) => /(^|\/)(\.mr-|mr-\d+-\d+)|mr\.sock/.test(name));
    const outside = this.#locks().filter((path) => fs.existsSync(path));
    expect([...sockets, ...jobFiles, ...outside]).toEqual([]);
  }

  /** Ends and removes everything. */
  async close(): Promise<void> {
    await until(
      () => {
        const left = this.processes();
        for (const { pid } of left) killIfThere(pid, "SIGKILL");
        return left.length === 0;
      },
      () => "killed processes to end",
    );
    for (const path of [...this.#locks(), this.#doneNote]) fs.rmSync(path, { force: true });
    fs.rmSync(this.directory, { recursive: true, force: true });
  }

  #start(
    [program = "", ...args]: readonly string[],
    cwd: string,
    env: Readonly<Record<string, string>>,
    stdin: number | "ignore" = "ignore",
  ): Program {
    const { PATH = "", HOME = "" } = process.env;
    const child = spawn(program, args, {
      cwd,
      env: { PATH, HOME, MR_SOCKET: this.socket, [marker]: this.directory, ...env },
      stdio: [stdin, "pipe", "pipe"],
      detached: true,
    });
    return new Program([program, ...args].join(" "), child);
  }

  #locks(): string[] {
    const ofSteps = ["mr-step-1", "mr-step-2"];
    const directories = [...this.#outputDirectories].flatMap((path) => [
      path,
      ...ofSteps.map((step) => join(path, step)),
    ]);
    return directories.map((directory) => this.lockOf(directory));
  }

  #noteOutputDirectory(name: ProgramName, args: readonly string[], cwd: string): void {
    const option = args.findIndex((arg) => arg === "-o" || arg === "--output-dir");
    const given = option === -1 ? undefined : args[option + 1];
    this.#outputDirectories.add(resolve(cwd, given ?? (name === "mr" ? "mr-output" : ".")));
  }

  #entries(under: string): string[] {
    const names = fs.readdirSync(join(this.directory, under), { recursive: true, encoding: "utf8" });
    return names.map((name) => join(under, name)).sort();
  }
}

/** The environment variable that marks every process of a place. */
const marker = "MR_TEST_PLACE";

/** A test with its own place, in which nothing may be left at the end. */
export const test = plainTest.extend<{ place: Place }>({
  place: async ({ task }, use) => {
    const place = new Place();
    try {
      await use(place);
      if (task.result?.state !== "fail") await place.expectTidy();
    } finally {
      await place.close();
    }
  },
});

/** The path of this file, relative to the place, while its job is not done: it then has a hidden name. */
export function stagedIn(place: Place, directory: string, name: string): string {
  const found = place.files(directory).find((path) => new RegExp(`/[.]mr-new-[0-9a-f]+-${name}$`).test(path));
  if (found === undefined) throw new Error(`no ${name} is staged in ${directory}`);
  return found;
}

/** Waits until a condition holds. */
export async function until(isSo: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what()}`);
    await sleep(pollIntervalMs);
  }
}

/** Waits until a value is defined. */
export async function found<Thing>(look: () => Thing | undefined, what: string): Promise<Thing> {
  let thing: Thing | undefined;
  await until(
    () => {
      thing = look();
      return thing !== undefined;
    },
    () => what,
  );
  return thing as Thing;
}

export function programFile(name: ProgramName): string {
  return join(root, "dist/src/cli", `${name}.js`);
}

/** The lines of a text that ends with a newline. */
export function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** Requires that a program has refused to start: exit code 2, at most three lines that say why, no stack. */
export function expectRefusal({ code, stdout, stderr }: Ended, ...parts: (string | RegExp)[]): void {
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr });
  expect(linesOf(stderr).length, stderr).toBeLessThanOrEqual(3);
  expect(linesOf(stderr).length, stderr).toBeGreaterThanOrEqual(1);
  expect(stderr).not.toMatch(/node:internal|dist\/src|internal error/);
  for (const part of parts) expect(stderr).toMatch(part);
}
