/**
 * The processes of one job: `mr run`, or a coordinator and its workers. A coordinator killed by a fault is restarted to
 * resume the job, until it ends by itself.
 */
import { readFileSync, statSync, truncateSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { killIfThere } from "../support/processes.js";
import type { Place } from "./place.js";
import type { Ended, Program } from "./program.js";
import { saysDiskIsFull } from "./small-disk.js";
import { WorkerKeeper } from "./worker-keeper.js";
import type { JobPlan } from "./workload.js";

export type ClusterEnd =
  | { readonly how: "done" }
  /** The job failed gracefully, with this message. */
  | { readonly how: "failed"; readonly message: string }
  /** Something happened that must never happen. */
  | { readonly how: "lost"; readonly why: string };

/** What happens between the end of a coordinator and the start of the next. */
export interface Interruption {
  readonly pauseMs: number;
  readonly tornBytes: number;
}

/** The children of a killed `mr run` may hold its directory for a moment. */
const takenRetriesMax = 100;
const takenDelayMs = 100;

/** In some cases, work done before a disk was full is kept, and the user is told so: then the job is resumed. */
const canGoOn = "; to continue, run the same command with --resume";
const failuresMax = 20;
const fullDiskDelayMs = 200;

const failure = / (the job|step \d+ of \d+) failed: /;

export class Cluster {
  readonly #plan: JobPlan;
  readonly #place: Place;
  readonly #workers: WorkerKeeper | undefined;
  #coordinator: Program | undefined;
  #interruption: Interruption | undefined;
  #isOver = false;
  #starts = 0;
  #resumes = 0;

  constructor(plan: JobPlan, place: Place) {
    this.#plan = plan;
    this.#place = place;
    if (plan.mode === "pair") this.#workers = new WorkerKeeper(place, plan);
  }

  /** The coordinator, or `mr run`, if one is running. */
  get coordinator(): Program | undefined {
    return this.#coordinator?.isRunning === true ? this.#coordinator : undefined;
  }

  /** How often the job was resumed. */
  get resumes(): number {
    return this.#resumes;
  }

  workerPids(): number[] {
    const living = this.#place.processes();
    const program = this.#plan.mode === "run" ? "worker-child.js" : "mr-worker.js";
    return living.filter(({ command }) => command.includes(`/${program} `)).map(({ pid }) => pid);
  }

  /** Ends the coordinator with a signal; it is restarted. False when none is running, or it is already being ended. */
  interrupt(signal: NodeJS.Signals, interruption: Interruption): boolean {
    const { coordinator } = this;
    if (coordinator === undefined || this.#interruption !== undefined) return false;
    this.#interruption = interruption;
    return killIfThere(coordinator.pid, signal);
  }

  /** Runs the job to its end, with as many coordinators as that takes. */
  async run(): Promise<ClusterEnd> {
    const workers = this.#workers;
    if (workers === undefined) return this.#runCoordinators();
    workers.start();
    const refused = workers.refused.then((why): ClusterEnd => ({ how: "lost", why }));
    try {
      return await Promise.race([this.#runCoordinators(), refused]);
    } finally {
      this.stop();
    }
  }

  /** Starts nothing from now on. */
  stop(): void {
    this.#isOver = true;
    this.#workers?.stop();
  }

  async #runCoordinators(): Promise<ClusterEnd> {
    let resumes = false;
    let taken = 0;
    let failures = 0;
    while (!this.#isOver) {
      const hasJournal = this.#hasJournal();
      const coordinator = this.#startCoordinator(resumes);
      const ended = await coordinator.ended;
      const { stderr } = coordinator;
      if (ended.code === 0) return { how: "done" };
      if (ended.code === 2 && / is already running at | another job is running in /.test(stderr)) {
        if (this.#starts === 1 || ++taken > takenRetriesMax) return lost(coordinator, ended);
        await sleep(takenDelayMs);
      } else if (ended.code === 2 && resumes && stderr.includes("nothing to resume")) {
        if (hasJournal) return { how: "lost", why: "there is a journal, but nothing is said to be there to resume" };
        resumes = false;
      } else if (this.#interruption !== undefined && isBySignal(ended)) {
        await this.#betweenCoordinators(this.#interruption);
        resumes = true;
        taken = 0;
      } else if (ended.code === 1 && failure.test(stderr)) {
        const message = stderr.slice(stderr.search(failure) + 1).trim();
        if (!message.includes(canGoOn) || !saysDiskIsFull(message) || ++failures > failuresMax) {
          return { how: "failed", message };
        }
        await sleep(fullDiskDelayMs);
        resumes = true;
      } else return lost(coordinator, ended);
    }
    return { how: "lost", why: "it was stopped" };
  }

  #startCoordinator(resumes: boolean): Program {
    const { mode, inputs, args, reducers, workers, taskTimeoutMs, typedApp, options } = this.#plan;
    this.#starts++;
    if (resumes) this.#resumes++;
    this.#interruption = undefined;
    const given = [
      ...["--reducers", String(reducers), "--output-dir", this.#place.outputDirectory],
      ...["--task-timeout", `${taskTimeoutMs}ms`, ...options],
      ...Object.entries(args).flatMap(([name, value]) => ["--arg", `${name}=${value}`]),
      ...(resumes ? ["--resume"] : []),
      ...(mode === "run" ? ["--workers", String(workers), "--", typedApp] : ["--"]),
      ...inputs.map(({ name }) => name),
    ];
    const name = `coordinator-${this.#starts}`;
    this.#coordinator =
      mode === "run"
        ? this.#place.start(name, "mr", ["run", ...given])
        : this.#place.start(name, "mr-coordinator", given);
    return this.#coordinator;
  }

  async #betweenCoordinators({ pauseMs, tornBytes }: Interruption): Promise<void> {
    await sleep(pauseMs);
    if (tornBytes === 0) return;
    for (const path of this.#journals()) {
      const bytes = Math.max(0, statSync(path).size - tornBytes);
      this.#place.log("chaos", `cuts ${tornBytes} bytes off ${path}, ${bytes} are left`);
      truncateSync(path, bytes);
    }
  }

  /** Whether there is a journal from which a job can be resumed. */
  #hasJournal(): boolean {
    return this.#journals().some((path) => readFileSync(path).includes("\n"));
  }

  /** The job's journal, or the journal of each unfinished step. */
  #journals(): string[] {
    const names = this.#place.outputNames().filter((name) => basename(name) === ".mr-journal");
    return names.map((name) => join(this.#place.outputDirectory, name));
  }
}

function isBySignal({ code, signal }: Ended): boolean {
  return signal !== null || (code !== null && code > 128);
}

function lost({ name, stderr }: Program, { code, signal }: Ended): ClusterEnd {
  return { how: "lost", why: `${name} ended with ${String(code ?? signal)}: ${stderr.trim().split("\n").at(-1)}` };
}
