import { getHeapStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import { AppError } from "../app/app-error.js";
import type { AppModule } from "../app/load.js";
import type { ProfileDestination } from "./cpu-profile.js";
import type {
  AppTraits,
  ExecutorMessage,
  ExecutorRequest,
  ExecutorStart,
  Job,
  WorkAssignment,
} from "./executor-messages.js";
import { heapLimits, mayKeepTooMuch, type WorkerMemory } from "../machine/worker-memory.js";
import { isPositionIn, locate } from "../model/record-position.js";
import { appFailure, type Failure } from "./failure.js";
import { memoryMessage, watchMemory, type ProcessMemory } from "./memory-watch.js";
import { OutputTail } from "./output-tail.js";
import { watchForStall } from "./stall-watch.js";
import type { ReserveStarts } from "./start-pacer.js";
import { hookAtWork, severalAtWork, type AttemptResult } from "./task-context.js";

/** How an attempt ended in its thread. */
export type AttemptEnd = { readonly type: "finished"; readonly result: AttemptResult } | Failure;

/** The attempt that the thread runs. */
interface Running {
  readonly assignment: WorkAssignment;
  /** Resolves with its end. */
  readonly settled: Promise<AttemptEnd>;
  readonly settle: (end: AttemptEnd) => void;
  readonly reserveStarts: ReserveStarts;
  readonly memory: ProcessMemory;
  readonly collectorBytes: number;
}

/** How long an asynchronous app may take to react to `ctx.signal` before its thread is terminated. */
const abortGraceMs = 200;
/** The user hears of an attempt that finishes no record for this long, and has no time limit. */
const noticeMsMax = 30_000;

/** How long the thread may take to collect garbage before it is replaced. */
const collectMsMax = 10_000;

/** The settings of an executor. */
export interface ExecutorOptions {
  /** The destination of CPU profiles. */
  readonly profiles?: ProfileDestination;
  /** The memory of the process; undefined for no limit. */
  readonly memory?: WorkerMemory | undefined;
}

/** The services of the thread that speaks with the coordinator, for an attempt. */
export interface AttemptServices {
  readonly reserveStarts: ReserveStarts;
  /** Shows a message to the user. */
  readonly warn: (message: string) => void;
}

/** The agent's handle of an executor thread. */
export class Executor {
  readonly #thread: Worker;
  readonly #progress = new Float64Array(new SharedArrayBuffer(7 * Float64Array.BYTES_PER_ELEMENT));
  readonly #output = new OutputTail();
  /** A key with many values that the running reduce attempt reads. */
  readonly #key = new OutputTail();
  readonly #loaded: Promise<AppTraits>;
  #resolveLoaded: (traits: AppTraits) => void = () => undefined;
  #rejectLoaded: (error: AppError) => void = () => undefined;
  #traits: AppTraits = { input: "file" };
  #running: Running | undefined;
  readonly #limit: WorkerMemory | undefined;
  #takeKept: (bytes: number | undefined) => void = () => undefined;
  #afterthought: Failure | undefined;
  /** How the thread ended, once it has ended or is about to. */
  #loss: Failure | undefined;
  #isGone = false;

  private constructor({ path, step }: AppModule, { profiles, memory }: ExecutorOptions) {
    const app = { path, step };
    this.#limit = memory;
    const start: ExecutorStart = {
      app,
      profiles,
      progress: this.#progress.buffer,
      output: this.#output.buffer,
      key: this.#key.buffer,
    };
    // V8 ends the whole process if an array outgrows its heap limit; `watchMemory` acts before that. With a limit for
    // the process, V8 must collect garbage before the process reaches it.
    const resourceLimits =
      memory === undefined
        ? { maxOldGenerationSizeMb: (2 * getHeapStatistics().heap_size_limit) / 2 ** 20 }
        : heapLimits(memory);
    // This path is also valid in the built package.
    const program = new URL("../worker/executor.js", import.meta.url);
    this.#thread = new Worker(program, { workerData: start, resourceLimits });
    this.#loaded = new Promise((resolve, reject) => {
      this.#resolveLoaded = resolve;
      this.#rejectLoaded = reject;
    });
    this.#thread.on("message", (message: ExecutorMessage) => this.#take(message));
    this.#thread.on("error", (error: unknown) => {
      const failure = this.#failureOf(error);
      this.#noteAfterthought(failure);
      this.#lose(failure, path);
    });
    this.#thread.on("exit", (code) => {
      const message = `the thread of the app ended with exit code ${code} (does it call process.exit?)`;
      this.#lose({ type: "failed", class: "crash", message }, path);
    });
  }

  /**
   * Starts a thread and loads the app in it. Rejects with an AppError when the app cannot be loaded, and on abort.
   */
  static async start(app: AppModule, options: ExecutorOptions, signal: AbortSignal): Promise<Executor> {
    const executor = new Executor(app, options);
    const stop = () => void executor.stop();
    signal.addEventListener("abort", stop);
    try {
      executor.#traits = await executor.#loaded;
      return executor;
    } catch (error) {
      await executor.stop();
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** The traits that the app declares. */
  get traits(): AppTraits {
    return this.#traits;
  }

  /** False once the thread has ended; then another executor is needed. */
  get isAlive(): boolean {
    return this.#loss === undefined;
  }

  /** An app error that surfaced after its attempt had succeeded. */
  get afterthought(): Failure | undefined {
    return this.#afterthought;
  }

  /** The progress of the running attempt. Readable even while the app's code hangs. */
  get progress(): { records: number; bytes: number } {
    return { records: this.#progress[0] ?? 0, bytes: this.#progress[1] ?? 0 };
  }

  /** Runs one attempt. Never rejects: whatever happens to the thread, the attempt ends in one of the two ways. */
  run(assignment: WorkAssignment, ofJob: Job, { reserveStarts, warn }: AttemptServices): Promise<AttemptEnd> {
    if (this.#loss !== undefined) return Promise.resolve(this.#loss);
    // The coordinator of a worker that was started separately does not know its limit.
    const collectorBytes = Math.min(ofJob.collectorBytes, this.#limit?.collectorBytes ?? Infinity);
    const job = { ...ofJob, collectorBytes };
    const limits = { collectorBytes, limitBytes: this.#limit?.limitBytes };
    const memory = watchMemory(limits, () => void this.#endThread(this.#outOfMemory()));
    const watches = [
      memory.stop,
      job.attemptTimeoutMs === undefined
        ? this.#watchForNotice(Math.min(noticeMsMax, 3 * job.taskTimeoutMs), assignment, warn)
        : this.#watchProgress(job.attemptTimeoutMs),
    ];
    let settle: Running["settle"] = () => undefined;
    const settled = new Promise<AttemptEnd>((resolve) => {
      settle = (end) => {
        for (const stopWatching of watches) stopWatching();
        resolve(end);
      };
    });
    this.#running = { assignment, settled, settle, reserveStarts, memory: memory.memory, collectorBytes };
    this.#progress.set([0, 0, NaN, 0, 0, 0, 0]);
    this.#output.clear();
    this.#key.clear();
    this.#thread.postMessage({ type: "run", assignment, job } satisfies ExecutorRequest);
    return settled;
  }

  /**
   * How much memory the app keeps between two attempts, if that is too much for the next one; otherwise undefined. A thread
   * that does not answer keeps what the process has.
   */
  async keepsTooMuch(): Promise<number | undefined> {
    const limit = this.#limit;
    if (limit === undefined || this.#loss !== undefined) return undefined;
    if (!mayKeepTooMuch(limit, process.memoryUsage.rss())) return undefined;
    // The process may only have garbage that V8 has not collected yet.
    const answer = new Promise<number | undefined>((resolve) => (this.#takeKept = resolve));
    const timer = setTimeout(() => this.#takeKept(Infinity), collectMsMax);
    this.#thread.postMessage({ type: "collect" } satisfies ExecutorRequest);
    const keptBytes = await answer;
    clearTimeout(timer);
    if (keptBytes === undefined) return undefined;
    const processBytes = process.memoryUsage.rss();
    if (keptBytes <= limit.keptBytesMax && processBytes <= limit.limitBytes) return undefined;
    return Math.min(keptBytes, processBytes);
  }

  /**
   * Ends the running attempt: first asks the app through its signal, then terminates the thread. When it resolves, the
   * attempt writes no more files.
   */
  async cancel(): Promise<void> {
    if (this.#running === undefined) return;
    this.#thread.postMessage({ type: "abort" } satisfies ExecutorRequest);
    const timer = setTimeout(() => void this.stop(), abortGraceMs);
    await this.#running.settled;
    clearTimeout(timer);
  }

  /** Ends the thread. */
  stop(): Promise<void> {
    return this.#endThread({ type: "failed", class: "crash", message: "the thread of the app was ended" });
  }

  /** Ends the running attempt with this failure, once the thread is gone and writes no more. */
  async #endThread(loss: Failure): Promise<void> {
    this.#loss ??= loss;
    await this.#thread.terminate();
  }

  #watchProgress(timeoutMs: number): () => void {
    return this.#watchApp(timeoutMs, (what) => {
      const message =
        `the app ${what} for ${timeoutMs / 1000}s ` +
        "(an endless loop, or a promise that never settles? --attempt-timeout says how long it may take)";
      void this.#endThread({ type: "failed", class: "timeout", message });
    });
  }

  /** Warns once of an attempt that may go on for ever. */
  #watchForNotice(timeoutMs: number, work: WorkAssignment, warn: (message: string) => void): () => void {
    return this.#watchApp(timeoutMs, (what) => {
      const at = this.#place(work);
      const where = at === undefined ? "" : `, ${at}`;
      warn(
        `${work.type} task ${work.ref.task}: the app ${what} for ${timeoutMs / 1000}s${where}; ` +
          "if that is an endless loop, or a promise that never settles, --attempt-timeout ends such attempts",
      );
    });
  }

  /** Calls `onStall` when app code is at work and finishes nothing. The engine may take any time. */
  #watchApp(timeoutMs: number, onStall: (what: string) => void): () => void {
    // A record that emits forever does not make progress because `combine` is at work now and then.
    const look = () => (Number.isNaN(this.#progress[2]) ? undefined : this.#progress.subarray(0, 4).join(" "));
    return watchForStall(timeoutMs, look, () => {
      const atWork = this.#progress[2];
      if (atWork === hookAtWork) onStall("did not end setup or teardown");
      else onStall(`finished no record${atWork === severalAtWork ? ", of several in flight," : ""}`);
    });
  }

  /** The position of the record at work; undefined when none is, several are, or `combine` is. */
  get #record(): number | undefined {
    const offset = this.#progress[2] ?? NaN;
    const isFolding = this.#progress[4] === 1;
    return isFolding || Number.isNaN(offset) || offset < 0 ? undefined : offset;
  }

  /** The place of the record at work; undefined when it is unknown. */
  #place(work: WorkAssignment): string | undefined {
    const record = this.#record;
    const splits = "splits" in work ? work.splits : [];
    const at = record !== undefined && isPositionIn(splits, record) ? locate(record, splits) : undefined;
    if (at === undefined) return undefined;
    const where = this.#traits.input === "own" ? `record ${at.offset}` : `byte ${at.offset}`;
    return `at ${where} of ${at.split.file}`;
  }

  #take(message: ExecutorMessage): void {
    if (message.type === "loaded") this.#resolveLoaded(message.traits);
    else if (message.type === "unloadable") this.#rejectLoaded(new AppError(message.message));
    else if (message.type === "starts") void this.#reserveStarts(message.wanted);
    else if (message.type === "collected") this.#takeKept(message.keptBytes);
    else if (message.type !== "dying") this.#end(message);
    else {
      this.#loss ??= message.failure;
      this.#noteAfterthought(message.failure);
    }
  }

  async #reserveStarts(wanted: number): Promise<void> {
    const running = this.#running;
    const grant = await running?.reserveStarts(wanted);
    // The answer may arrive when another attempt runs.
    if (grant === undefined || running !== this.#running) return;
    this.#thread.postMessage({ type: "starts", grant } satisfies ExecutorRequest);
  }

  /** The thread has ended. An exit after an error adds nothing. */
  #lose(loss: Failure, appPath: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#loss ??= loss;
    this.#takeKept(undefined);
    this.#rejectLoaded(new AppError(`cannot load app ${appPath}: ${loss.message}`));
    this.#end(this.#loss);
  }

  #end(end: AttemptEnd): void {
    const running = this.#running;
    this.#running = undefined;
    if (running !== undefined) running.settle(end.type === "failed" ? this.#described(end, running.assignment) : end);
  }

  /** Adds to a failure what only this side knows. */
  #described(failure: Failure, { type }: WorkAssignment): Failure {
    const record = type === "map" ? this.#record : undefined;
    const areSeveral = type === "map" && this.#progress[2] === severalAtWork;
    const output = this.#output.text();
    return {
      ...failure,
      ...(record === undefined ? {} : { record }),
      ...(areSeveral ? { severalAtWork: true } : {}),
      ...(output === undefined ? {} : { output }),
    };
  }

  /**
   * An app error between two attempts belongs to an earlier one, and must still be reported. If the engine terminated
   * the thread, there is no such error: that attempt may have finished just then.
   */
  #noteAfterthought(failure: Failure): void {
    if (this.#running === undefined) this.#afterthought ??= failure;
  }

  /** An error that reached the top of the thread: thrown in a callback, an unhandled rejection, or out of memory. */
  #failureOf(error: unknown): Failure {
    if (!(error instanceof Error)) return { type: "failed", class: "error", message: `the app threw ${String(error)}` };
    if ((error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY") return this.#outOfMemory();
    return appFailure(error);
  }

  #outOfMemory(): Failure {
    const running = this.#running;
    const [records = 0, , , , , heapBytes = 0, pairBytes = 0] = this.#progress;
    const key = this.#key.text();
    const ofKey = key === undefined ? "" : `, at key ${key}`;
    const readsValues = running !== undefined && "inputs" in running.assignment;
    const done = readsValues ? ` after ${records} values${ofKey}` : "";
    const place = running && this.#place(running.assignment);
    const message = memoryMessage({
      kind: running?.assignment.type,
      where: place === undefined ? done : ` ${place}`,
      process: running?.memory,
      thread: heapBytes === 0 ? undefined : { heapBytes, pairBytes },
      collectorBytes: running?.collectorBytes ?? 0,
      limit: this.#limit,
    });
    return { type: "failed", class: "memory", message };
  }
}
