import type { ThroughputSample } from "../status/job-view.js";

const samplesMax = 240;
const firstIntervalMs = 100;

/**
 * How much of a job was done when: some hundred samples, however long it lasts. When there are too many, every second one
 * goes, and from then on half as many are taken.
 */
export class ThroughputLog {
  #samples: ThroughputSample[] = [];
  #intervalMs = firstIntervalMs;

  get samples(): readonly ThroughputSample[] {
    return this.#samples;
  }

  /** To be called often, and at the end with `isLast`: takes a sample when it is time for one. */
  note(elapsedMs: number, take: () => ThroughputSample, isLast = false): void {
    const latest = this.#samples.at(-1);
    if (!isLast && latest !== undefined && elapsedMs - latest.atMs < this.#intervalMs) return;
    if (this.#samples.length >= samplesMax) {
      this.#samples = this.#samples.filter((_, index) => index % 2 === 0);
      this.#intervalMs *= 2;
    }
    this.#samples.push(take());
  }
}

/** How often `note` is to be called. */
export const noteIntervalMs = firstIntervalMs;
