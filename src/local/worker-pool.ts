import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { WorkerMessage } from "./supervision.js";

/** A worker that dies so soon after its start has hardly worked. So many in a row, and none ever will. */
const quickDeathMs = 1000;
const quickDeathsMax = 100;

/** How long the workers have to leave by themselves once there is no coordinator any more. */
const leaveTimeoutMs = 1000;

/** A fixed number of worker processes: who dies is replaced, who leaves in good order is not. */
export class WorkerPool {
  readonly #startWorker: () => ChildProcess;
  readonly #giveUp: (message: string) => void;
  readonly #workers = new Map<ChildProcess, Promise<void>>();
  #quickDeaths = 0;
  #isClosing = false;
  #failure: string | undefined;

  /** Starts the workers. `giveUp` is called, once, when none can work. */
  constructor(startWorker: () => ChildProcess, size: number, giveUp: (message: string) => void) {
    this.#startWorker = startWorker;
    this.#giveUp = giveUp;
    for (let n = 0; n < size; n++) this.#add();
  }

  /** Why no worker can work; undefined as long as they can. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Resolves when all workers have left; who does not do so soon is killed. */
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
    const startedMs = performance.now();
    const worker = this.#startWorker();
    let last: WorkerMessage | undefined;
    worker.on("message", (message: WorkerMessage) => (last = message));
    const ended = once(worker, "exit").then(() => {
      this.#workers.delete(worker);
      this.#replace(last, performance.now() - startedMs);
    });
    this.#workers.set(worker, ended);
  }

  #replace(last: WorkerMessage | undefined, livedMs: number): void {
    if (this.#isClosing || last?.type === "left") return;
    this.#quickDeaths = livedMs < quickDeathMs ? this.#quickDeaths + 1 : 0;
    if (last?.isFinal === true) this.#fail(last.message);
    else if (this.#quickDeaths >= quickDeathsMax) {
      this.#fail(
        last?.message ?? `${this.#quickDeaths} workers in a row died within ${quickDeathMs} ms of their start`,
      );
    } else this.#add();
  }

  #fail(message: string): void {
    this.#isClosing = true;
    this.#failure = message;
    this.#giveUp(message);
  }
}
