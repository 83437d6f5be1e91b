import type { ThroughputSample } from "../model/job-view.js";

const samplesMax = 240;
const firstIntervalMs = 100;

/**
 * The progress of a job over time: some hundred samples, however long it lasts. When there are too many, every second
 * sample is dropped, and the sampling rate is halved.
 */
export class ThroughputLog {
  #samples: ThroughputSample[] = [];
  #intervalMs = firstIntervalMs;

  get samples(): readonly ThroughputSample[] {
    return this.#samples;
  }

  /** Takes a sample if one is due. Call it often, and at the end with `isLast`. */
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

/** How often to call `note`. */
export const noteIntervalMs = firstIntervalMs;
