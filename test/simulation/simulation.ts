/**
 * One simulation: a whole cluster on a fake clock, network and disk, drawn entirely from a seed. It runs a job, or two at
 * once, to the end whatever goes wrong, and is checked after each step and at the end.
 */
import { type Chronicle, CoordinatorProcess, type Departure } from "./coordinator-process.js";
import { Disk } from "./disk.js";
import { faultAtEnd } from "./end-check.js";
import { drawFaults, faultsEndMs, type Fault, type Patience } from "./faults.js";
import { inject, type Cluster } from "./inject.js";
import { Network, type Connection } from "./network.js";
import { Random } from "./random.js";
import { Timeline } from "./timeline.js";
import { drawInputs, withMoreSplits, type Inputs } from "./word-count.js";
import { WorkerProcess } from "./worker-process.js";
import type { SimulatedJob, World } from "./world.js";

/** Without faults, a job takes a fraction of this. */
const endMs = 60_000;
const unlimited = 1_000_000;

/** The events of a simulation. */
export interface Report {
  readonly faults: readonly Fault[];
  /** The problem; undefined when there was no problem. */
  readonly failure: string | undefined;
  readonly outcome: string;
  /** How often each event happened. */
  readonly counts: ReadonlyMap<string, number>;
  readonly elapsedMs: number;
}

/** Runs the simulation of that seed, with only the given `faults`, if any. Calls `trace` with each event. */
export function simulate(
  seed: number,
  only: { readonly faults?: ReadonlySet<number> | undefined; readonly trace?: (line: string) => void } = {},
): Report {
  const simulation = new Simulation(seed, only.trace);
  const faults = drawFaults(seed, simulation.patience);
  const failure = simulation.run(faults.filter((_, number) => only.faults?.has(number) ?? true));
  const { outcome, counts, timeline } = simulation;
  return { faults, failure, outcome, counts, elapsedMs: timeline.nowMs };
}

/** A job of the simulation, and how it ended. */
interface Job extends SimulatedJob {
  departure: Departure | undefined;
  isOver: boolean;
  /** Files that appeared after the end of the job, when its coordinator had left. */
  readonly lateFiles: Set<string>;
}

class Simulation implements World, Cluster {
  readonly seed: number;
  readonly timeline = new Timeline();
  readonly network: Network;
  /** One or two, in the order in which workers serve them. */
  readonly jobs: readonly Job[];
  readonly settings: SimulatedJob["settings"];
  readonly patience: Patience;
  readonly failures: ReturnType<World["takeFailure"]>[] = [];
  readonly counts = new Map<string, number>();
  readonly #tell: ((line: string) => void) | undefined;
  readonly #chronicle: Chronicle = { ledger: undefined, begun: new Map() };
  #machineCrashed = false;
  #pids = 0;
  coordinator: CoordinatorProcess | undefined;
  readonly workers: (WorkerProcess | undefined)[];
  slowness = 1;
  /** Incremented with each crash of the machine: events planned before it do not happen. */
  #era = 0;

  constructor(seed: number, tell?: (line: string) => void) {
    const random = new Random(seed, "job");
    this.seed = seed;
    this.#tell = tell;
    this.network = new Network(seed, this.timeline, (what) => this.count(what));
    const inputs = withMoreSplits(drawInputs(random), new Random(seed, "more splits"));
    this.patience = { isEndless: random.chance(0.85), skipsRecords: random.chance(0.4) };
    this.workers = Array.from({ length: random.between(1, 3) }, () => undefined);
    const first = { inputs, settings: this.#drawSettings(random, inputs, "partitioner") };
    const second = new Random(seed, "second job");
    this.jobs = [first, ...(second.chance(0.3) ? [this.#drawJob(second)] : [])].map((job) => {
      return {
        ...job,
        disk: new Disk(),
        badRecords: new Map(),
        departure: undefined,
        isOver: false,
        lateFiles: new Set(),
      };
    });
    this.settings = first.settings;
  }

  get outcome(): string {
    return this.jobs.map(({ departure }) => departure?.outcome ?? "not over").join(", the other ");
  }

  get isOver(): boolean {
    return this.jobs.every((job) => job.isOver);
  }

  jobOf(id: string): SimulatedJob {
    const job = this.#chronicle.begun.get(id);
    if (job === undefined) throw new Error(`there is no job ${id}`);
    return job;
  }

  /** Returns what is wrong, or undefined. */
  run(faults: readonly Fault[]): string | undefined {
    for (const { settings, inputs } of this.jobs) {
      this.trace(() => `${JSON.stringify(settings)} ${JSON.stringify(inputs)}`);
    }
    try {
      this.#boot();
      for (const fault of faults) this.timeline.after(fault.atMs, () => this.isOver || inject(this, fault));
      this.timeline.after(faultsEndMs, () => this.#calmDown());
      while (!this.isOver || this.workers.some((worker) => worker?.process.isAlive === true)) {
        if (!this.timeline.advance()) return "nothing happens any more, and the job is not over";
        if (this.timeline.nowMs > endMs) return `the job is not over after ${endMs} ms`;
      }
      return this.#faultAtEnd();
    } catch (error) {
      this.trace(() => String((error as Error).stack));
      return (error as Error).message;
    }
  }

  connect(): Connection | undefined {
    const { coordinator } = this;
    if (coordinator?.process.isAlive !== true) return undefined;
    const connection = this.network.connect();
    coordinator.accept(connection);
    return connection;
  }

  takeFailure(): ReturnType<World["takeFailure"]> {
    return this.failures.pop();
  }

  noteFile(job: SimulatedJob, name: string): void {
    for (const own of this.jobs) if (own === job && own.isOver) own.lateFiles.add(name);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  trace(line: () => string): void {
    this.#tell?.(`${String(this.timeline.nowMs).padStart(6)} ms  ${line()}`);
  }

  /** Starts another worker in that place, after a delay. */
  startWorker(index: number, afterMs: number): void {
    this.#later(afterMs, () => {
      if (this.isOver || this.workers[index]?.process.isAlive === true) return;
      this.#pids += 1;
      // A worker that left or died is replaced, as by `mr run`.
      this.workers[index] = new WorkerProcess(this, this.#pids, () => this.startWorker(index, 30));
    });
  }

  /** Starts another coordinator after a delay, which continues from the journal. */
  startCoordinator(afterMs: number): void {
    this.#later(afterMs, () => {
      if (this.isOver || this.coordinator?.process.isAlive === true) return;
      const machineCrashed = this.#machineCrashed;
      this.#machineCrashed = false;
      const jobs = this.jobs.filter((job) => !job.isOver);
      this.coordinator = new CoordinatorProcess(this, jobs, this.#chronicle, machineCrashed, (departures) => {
        this.#noteEnds(departures);
      });
    });
  }

  crashMachine(backAfterMs: number): void {
    this.#era += 1;
    this.#machineCrashed = true;
    this.coordinator?.vanish();
    for (const worker of this.workers) worker?.vanish();
    for (const [index, { disk, isOver }] of this.jobs.entries()) {
      // The check at the end is about what the coordinator left of a job, not about what a crash then did to it.
      if (!isOver) disk.crash(new Random(this.seed, "crash", this.#era, ...(index === 0 ? [] : [index])));
    }
    this.#later(backAfterMs, () => this.#boot());
  }

  #faultAtEnd(): string | undefined {
    for (const job of this.jobs) {
      const { departure, lateFiles } = job;
      if (departure === undefined) return "it is not known how a job has ended";
      const fault = faultAtEnd(this, job, departure, lateFiles, this.patience);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #drawJob(random: Random): Pick<SimulatedJob, "inputs" | "settings"> {
    const inputs = withMoreSplits(drawInputs(random), random);
    return { inputs, settings: this.#drawSettings(random, inputs, "second partitioner") };
  }

  #drawSettings(random: Random, { reducers }: Inputs, partitioner: string): SimulatedJob["settings"] {
    const { isEndless, skipsRecords } = this.patience;
    return {
      directory: "/job",
      intermediatePrefix: "",
      reducers,
      partitioner: new Random(this.seed, partitioner).chance(0.5) ? "range" : "hash",
      output: {},
      collectorBytes: 1,
      files: [],
      taskTimeoutMs: 400,
      heartbeatIntervalMs: 100,
      attemptTimeoutMs: undefined,
      backups: random.pick(["none", "after-timeout", "after-timeout", "behind-peers", "behind-peers"] as const),
      maxAttempts: isEndless ? unlimited : random.between(1, 4),
      maxCrashes: isEndless ? unlimited : random.between(1, 6),
      combineBytesMin: 0,
      badRecordsMax: !skipsRecords ? 0 : isEndless ? unlimited : random.between(1, 3),
    };
  }

  #boot(): void {
    this.startCoordinator(0);
    for (const index of this.workers.keys()) this.startWorker(index, index);
  }

  #noteEnds(departures: ReadonlyMap<SimulatedJob, Departure>): void {
    for (const job of this.jobs) {
      job.departure = departures.get(job) ?? job.departure;
      // A job that was stopped gracefully is resumed, or started over if no task was done.
      job.isOver = job.departure !== undefined && job.departure.outcome !== "stopped";
    }
    if (!this.isOver) this.startCoordinator(50);
  }

  /** No faults from now on. */
  #calmDown(): void {
    Object.assign(this.network.weather, { loss: 0, duplication: 0, reordering: 0 });
    for (const { disk } of this.jobs) disk.isFull = false;
    this.slowness = 1;
    this.failures.length = 0;
    this.coordinator?.process.continue();
    for (const worker of this.workers) worker?.process.continue();
  }

  /** Plans an event that does not happen if the machine crashes before it. */
  #later(afterMs: number, action: () => void): void {
    const era = this.#era;
    this.timeline.after(afterMs, () => {
      if (era === this.#era) action();
    });
  }
}
