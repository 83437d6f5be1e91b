import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { WorkerMessage } from "./supervision.js";

/** So many workers in a row that die before the coordinator has taken them in, and none will ever work. */
const earlyDeathsMax = 20;

/** How long the workers have to leave by themselves once there is no coordinator any more. */
const leaveTimeoutMs = 1000;

/** Why no worker can work. `isUsersMistake`: nothing was begun, and it would be the same the next time. */
export interface PoolFailure {
  readonly message: string;
  readonly isUsersMistake: boolean;
}

/** A fixed number of worker processes: who dies is replaced, who leaves in good order, with exit code 0, is not. */
export class WorkerPool {
  readonly #startWorker: () => ChildProcess;
  readonly #giveUp: (message: string) => void;
  readonly #warn: (message: string) => void;
  readonly #workers = new Map<ChildProcess, Promise<void>>();
  #earlyDeaths = 0;
  #haveAnyJoined = false;
  #isClosing = false;
  #failure: PoolFailure | undefined;

  /** Starts the workers. `giveUp` is called, once, when none can work; `warn` is told of those that something else has ended. */
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
    // The app was another one then: its file has been changed since.
    return { ...this.#failure, isUsersMistake: false };
  }

  /** Resolves when all workers have left; who does not do so soon is killed. From now on none is replaced. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const timer = setTimeout(() => this.kill(), leaveTimeoutMs);
    await Promise.all(this.#workers.values());
    clearTimeout(timer);
  }

  /** Ends all workers at once. */
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

/** What usually ends a process by these signals. */
const deathGuesses: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL: "for want of memory? the log of the system would say so",
  SIGABRT: "for want of memory? Node.js says so above if it was",
};

/** The coordinator sees only that the connection has closed. */
function deathText({ pid }: ChildProcess, signal: NodeJS.Signals): string {
  const guess = deathGuesses[signal];
  const why = guess === undefined ? "" : ` (${guess})`;
  return `worker process ${pid} was ended by ${signal}${why}; another one takes its place`;
}
