import type { AppModule } from "../app/load.js";
import { mebibytes } from "../machine/budget.js";
import { Executor, type AttemptEnd, type ExecutorOptions } from "./executor-host.js";
import type { Failure } from "./failure.js";
import type { Job, WorkAssignment } from "./executor-messages.js";
import type { ReserveStarts } from "./start-pacer.js";

/** Holds a worker's only executor, and replaces it when its thread has ended, or the app in it keeps too much memory. */
export class ExecutorSlot {
  readonly #app: AppModule;
  readonly #options: ExecutorOptions;
  readonly #signal: AbortSignal;
  readonly #warn: (message: string) => void;
  #executor: Executor;
  #hasToldOfMemory = false;

  /** When `signal` fires, a starting executor gives up. `warn` shows a message to the user. */
  constructor(
    executor: Executor,
    app: AppModule,
    options: ExecutorOptions,
    signal: AbortSignal,
    warn: (message: string) => void,
  ) {
    this.#executor = executor;
    this.#app = app;
    this.#options = options;
    this.#signal = signal;
    this.#warn = warn;
  }

  get traits(): Executor["traits"] {
    return this.#executor.traits;
  }

  get progress(): Executor["progress"] {
    return this.#executor.progress;
  }

  get afterthought(): Failure | undefined {
    return this.#executor.afterthought;
  }

  /** Runs one attempt. Never rejects. Does not begin the attempt when it is cancelled before an executor is ready. */
  async run(
    assignment: WorkAssignment,
    job: Job,
    attempt: { readonly isCancelled: boolean; readonly reserveStarts: ReserveStarts },
  ): Promise<AttemptEnd> {
    await this.#endIfFull();
    const { afterthought } = this.#executor;
    try {
      if (!this.#executor.isAlive) this.#executor = await Executor.start(this.#app, this.#options, this.#signal);
    } catch (error) {
      return { type: "failed", class: "error", message: (error as Error).message };
    }
    if (afterthought !== undefined) return afterthought;
    if (attempt.isCancelled) return { type: "failed", class: "crash", message: "cancelled before it began" };
    const { reserveStarts } = attempt;
    return this.#executor.run(assignment, job, { reserveStarts, warn: this.#warn });
  }

  /** Ends the running attempt, if any. */
  cancel(): Promise<void> {
    return this.#executor.cancel();
  }

  /** Ends the thread. */
  stop(): Promise<void> {
    return this.#executor.stop();
  }

  /** Ends the thread when what the app keeps leaves too little memory for the next attempt. */
  async #endIfFull(): Promise<void> {
    const keptBytes = await this.#executor.keepsTooMuch();
    if (keptBytes === undefined) return;
    await this.#executor.stop();
    if (this.#hasToldOfMemory) return;
    this.#hasToldOfMemory = true;
    this.#warn(
      `worker process ${process.pid}: the app keeps ${mebibytes(keptBytes)} after its attempts, which leaves little of ` +
        "--worker-memory; whenever that happens, the worker loads the app again before the next attempt",
    );
  }
}
