import { setTimeout as sleep } from "node:timers/promises";
import type { Place } from "./place.js";
import { saysDiskIsFull } from "./small-disk.js";
import type { JobPlan } from "./workload.js";

const restartDelayMs = 100;

/** Starts the workers of a pair, and restarts each that ends before the job does. */
export class WorkerKeeper {
  readonly #place: Place;
  readonly #plan: JobPlan;
  #isOver = false;
  #refuse: (message: string) => void = () => undefined;
  /** Resolves with a message when a worker refuses to work, or is refused, for a reason that no fault causes. */
  readonly refused: Promise<string>;

  constructor(place: Place, plan: JobPlan) {
    this.#place = place;
    this.#plan = plan;
    this.refused = new Promise((resolve) => (this.#refuse = resolve));
  }

  start(): void {
    for (let slot = 0; slot < this.#plan.workers; slot++) void this.#keep(slot);
  }

  /** Starts no more workers; running ones leave by themselves. */
  stop(): void {
    this.#isOver = true;
  }

  async #keep(slot: number): Promise<void> {
    for (let start = 1; !this.#isOver; start++) {
      const options = ["--connect-timeout", "1s", ...this.#plan.workerOptions];
      const name = `worker-${slot}.${start}`;
      const worker = this.#place.start(name, "mr-worker", [...options, "--", this.#plan.typedApp]);
      const { code } = await worker.ended;
      if (code === 2 && !saysDiskIsFull(worker.stderr)) this.#refuse(`${name} ended with 2: ${worker.stderr.trim()}`);
      await sleep(restartDelayMs);
    }
  }
}
