import { Worker } from "node:worker_threads";
import { AppError } from "../app/app-error.js";
import type { InputKind } from "../app/contract.js";
import type { AttemptOutcome } from "../rpc/protocol.js";
import type { ExecutorMessage, ExecutorRequest, ExecutorStart, Job, WorkAssignment } from "./executor-messages.js";
import type { AttemptResult } from "./task-context.js";

/** How an attempt ended in its thread. */
export type AttemptEnd = { readonly type: "finished"; readonly result: AttemptResult } | Failure;

type Failure = Extract<AttemptOutcome, { type: "failed" }>;

/** How long an asynchronous app may take to notice `ctx.signal` before its thread is ended. */
const abortGraceMs = 200;

/** The agent's handle of an executor thread. */
export class Executor {
  readonly #thread: Worker;
  readonly #progress = new Float64Array(new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT));
  readonly #loaded: Promise<InputKind>;
  #resolveLoaded: (input: InputKind) => void = () => undefined;
  #rejectLoaded: (error: AppError) => void = () => undefined;
  #input: InputKind | undefined;
  /** Takes the end of the attempt that runs. */
  #settle: ((end: AttemptEnd) => void) | undefined;
  #afterthought: Failure | undefined;
  /** How the thread ended, once it has. */
  #loss: Failure | undefined;

  private constructor(appPath: string) {
    const start: ExecutorStart = { appPath, progress: this.#progress.buffer };
    // As seen from where the build puts this, too.
    this.#thread = new Worker(new URL("../worker/executor.js", import.meta.url), { workerData: start });
    this.#loaded = new Promise((resolve, reject) => {
      this.#resolveLoaded = resolve;
      this.#rejectLoaded = reject;
    });
    this.#thread.on("message", (message: ExecutorMessage) => this.#take(message));
    this.#thread.on("error", (error: unknown) => this.#lose(failureOf(error), appPath));
    this.#thread.on("exit", (code) => {
      const message = `the thread of the app ended with exit code ${code} (does it call process.exit?)`;
      this.#lose({ type: "failed", class: "crash", message }, appPath);
    });
  }

  /** Starts a thread and loads the app in it. Rejects with an AppError when the app cannot be loaded, or on abort. */
  static async start(appPath: string, signal: AbortSignal): Promise<Executor> {
    const executor = new Executor(appPath);
    const stop = () => void executor.stop();
    signal.addEventListener("abort", stop);
    try {
      executor.#input = await executor.#loaded;
      return executor;
    } catch (error) {
      await executor.stop();
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** What the app declares that one call of `map` is given. */
  get input(): InputKind {
    return this.#input ?? "file";
  }

  /** False once the thread has ended; another executor is needed then. */
  get isAlive(): boolean {
    return this.#loss === undefined;
  }

  /** An error of the app that came up after its attempt had ended well. */
  get afterthought(): Failure | undefined {
    return this.#afterthought;
  }

  /** How far the attempt that runs is. Readable even while the app's code hangs. */
  get progress(): { records: number; bytes: number } {
    return { records: this.#progress[0] ?? 0, bytes: this.#progress[1] ?? 0 };
  }

  /** Runs one attempt. Never rejects: however the thread fares, the attempt ends in one of the two ways. */
  run(assignment: WorkAssignment, job: Job): Promise<AttemptEnd> {
    if (this.#loss !== undefined) return Promise.resolve(this.#loss);
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#progress[2] = NaN;
      this.#thread.postMessage({ type: "run", assignment, job } satisfies ExecutorRequest);
    });
  }

  /**
   * Ends the attempt that runs: asks the app through its signal first, then ends the thread. When it resolves, the
   * attempt's files are written no more.
   */
  async cancel(): Promise<void> {
    if (this.#settle === undefined) return;
    const stopped = new Promise<void>((resolve) => {
      const settle = this.#settle;
      this.#settle = (end) => {
        settle?.(end);
        resolve();
      };
    });
    this.#thread.postMessage({ type: "abort" } satisfies ExecutorRequest);
    const timer = setTimeout(() => void this.stop(), abortGraceMs);
    await stopped;
    clearTimeout(timer);
  }

  /** Ends the thread. */
  async stop(): Promise<void> {
    this.#loss ??= { type: "failed", class: "crash", message: "the thread of the app was ended" };
    await this.#thread.terminate();
  }

  #take(message: ExecutorMessage): void {
    if (message.type === "loaded") this.#resolveLoaded(message.input);
    else if (message.type === "unloadable") this.#rejectLoaded(new AppError(message.message));
    else this.#end(message);
  }

  #lose(loss: Failure, appPath: string): void {
    this.#loss ??= loss;
    this.#rejectLoaded(new AppError(`cannot load app ${appPath}: ${loss.message}`));
    this.#end(this.#loss);
  }

  #end(end: AttemptEnd): void {
    // An error between two attempts is that of an earlier one, and must be heard of all the same.
    if (this.#settle === undefined && end.type === "failed" && end.class !== "crash") this.#afterthought ??= end;
    const record = this.#progress[2] ?? NaN;
    this.#settle?.(end.type === "failed" && !Number.isNaN(record) ? { ...end, record } : end);
    this.#settle = undefined;
  }
}

/** An error that reached the top of the thread: thrown in a callback, a rejection nobody handled, or out of memory. */
function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { type: "failed", class: "error", message: `the app threw ${String(error)}` };
  const outOfMemory = (error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY";
  const message = outOfMemory ? "the app's thread ran out of memory" : `${error.name}: ${error.message}`;
  const stack = error.stack === undefined ? {} : { stack: error.stack };
  return { type: "failed", class: outOfMemory ? "crash" : "error", message, ...stack };
}
