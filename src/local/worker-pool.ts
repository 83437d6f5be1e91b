import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { WorkerMessage } from "./supervision.js";

/** After this many workers in a row have died before they registered, none will ever work. */
const earlyDeathsMax = 20;

/** How long the workers may take to leave by themselves once the coordinator has gone. */
const leaveTimeoutMs = 1000;

/** Why no worker can work. `isUsersMistake`: nothing began, and the next try would fail in the same way. */
export interface PoolFailure {
  readonly message: string;
  readonly isUsersMistake: boolean;
}

/** A fixed number of worker processes. A worker that dies is replaced, but a worker that exits with code 0 is not. */
export class WorkerPool {
  readonly #startWorker: () => ChildProcess;
  readonly #giveUp: (message: string) => void;
  readonly #warn: (message: string) => void;
  readonly #workers = new Map<ChildProcess, Promise<void>>();
  #earlyDeaths = 0;
  #haveAnyJoined = false;
  #isClosing = false;
  #failure: PoolFailure | undefined;

  /**
   * Starts the workers. Calls `giveUp` once when none can work, and `warn` about each worker that something else
   * killed.
   */
  constructor(
    startWorker: () => ChildProcess,
    size: number,
    giveUp: (message: string) => void,
    warn: (message: string) => void,
  ) {
    this.#startWorker = startWorker;
    this.#warn = warn;
    this.#giveUp = giveUp;
    for (let n = 0; n < size; n++) this.#add();
  }

  /** Why no worker can work; undefined as long as they can. */
  get failure(): PoolFailure | undefined {
    if (this.#failure === undefined || !this.#haveAnyJoined) return this.#failure;
    // The app has been changed since, so it was a different one then.
    return { ...this.#failure, isUsersMistake: false };
  }

  /** Resolves when all workers have left, killing slow ones. Replaces none from now on. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const timer = setTimeout(() => this.kill(), leaveTimeoutMs);
    await Promise.all(this.#workers.values());
    clearTimeout(timer);
  }

  /** Kills all workers at once. */
  kill(): void {
    this.#isClosing = true;
    for (const worker of this.#workers.keys()) worker.kill("SIGKILL");
  }

  #add(): void {
    const worker = this.#startWorker();
    let hasJoined = false;
    worker.on("message", (message: WorkerMessage) => {
      if (message.type === "joined") hasJoined = this.#haveAnyJoined = true;
      else if (message.type === "warning") this.#warn(message.message);
      else this.#fail({ message: message.message, isUsersMistake: true });
    });
    const ended = once(worker, "exit").then(
      ([code, signal]) => {
        this.#workers.delete(worker);
        if (signal !== null && !this.#isClosing) this.#warn(deathText(worker, signal as NodeJS.Signals));
        this.#earlyDeaths = hasJoined ? 0 : this.#earlyDeaths + 1;
        if (code !== 0) this.#replace();
      },
      (error: unknown) => {
        this.#workers.delete(worker);
        this.#fail({ message: `cannot start a worker: ${(error as Error).message}`, isUsersMistake: false });
      },
    );
    this.#workers.set(worker, ended);
  }

  #replace(): void {
    if (this.#isClosing) return;
    if (this.#earlyDeaths < earlyDeathsMax) {
      this.#add();
      return;
    }
    const message = `the job failed: ${earlyDeathsMax} workers in a row died before they could begin`;
    this.#fail({ message, isUsersMistake: false });
  }

  #fail(failure: PoolFailure): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#failure = failure;
    this.#giveUp(failure.message);
  }
}

/** The usual reason why such a signal ends a process. */
const deathGuesses: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL: "out of memory? the system log would say so",
  SIGABRT: "out of memory? if so, Node.js says it above",
};

/** The coordinator sees only that the connection has closed. */
function deathText({ pid }: ChildProcess, signal: NodeJS.Signals): string {
  const guess = deathGuesses[signal];
  const why = guess === undefined ? "" : ` (${guess})`;
  return `worker process ${pid} was ended by ${signal}${why}; starting another one`;
}
