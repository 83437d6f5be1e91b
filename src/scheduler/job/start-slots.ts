import type { StartGrant } from "../../model/assignment.js";

/** Workers use the starts that they reserved at an earlier coordinator within this time. */
const formerStartsMs = 1000;

/** One call reserves at most the starts of this period. */
const reservedMsMax = 100;

/**
 * The calls of `map` that a job with a rate may begin: one every 1/rate seconds, on one timeline for the whole job. Each
 * attempt reserves the next few starts on it, so any number of workers and attempts share the rate without exceeding it. An
 * attempt that does not use a reserved start wastes it, and a start that no attempt reserved in time lapses. So the job never
 * catches up with a burst.
 */
export class StartSlots {
  /** When the first start begins that is still free. */
  #nextMs: number;

  constructor(firstMs: number) {
    this.#nextMs = firstMs;
  }

  /** Drops the starts that workers may still use from an earlier coordinator of a resumed job. */
  skipFormer(nowMs: number): void {
    this.#nextMs = Math.max(this.#nextMs, nowMs + formerStartsMs);
  }

  /** Reserves the next start, and up to `wanted` in all. Without a rate, all may begin at once. */
  reserve(ratePerSecond: number | undefined, wanted: number, nowMs: number): StartGrant {
    if (ratePerSecond === undefined) return { delayMs: 0, count: wanted, spacingMs: 0 };
    const spacingMs = 1000 / ratePerSecond;
    const count = Math.max(1, Math.min(wanted, Math.floor(reservedMsMax / spacingMs)));
    const firstMs = Math.max(this.#nextMs, nowMs);
    this.#nextMs = firstMs + count * spacingMs;
    return { delayMs: firstMs - nowMs, count, spacingMs };
  }
}
