import { setTimeout as delay } from "node:timers/promises";
import type { StartGrant } from "../model/assignment.js";

/** The clock of a pacer. */
export interface PacerClock {
  nowMs(): number;
  /** Waits for that time, or until the signal fires. Never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Reserves up to `wanted` calls of `map` from the timeline of the whole job. */
export type ReserveStarts = (wanted: number) => Promise<StartGrant>;

/** An attempt reserves the starts of this period at once, so a high rate does not cost one message per call. */
const reservedMs = 20;
/** The attempt drops a reserved start that is this late; otherwise it would come on top of later starts. */
const staleMs = 20;

/** Lets an attempt begin calls of `map` only at the times that it has reserved: see `scheduler/job/start-slots.ts`. */
export class StartPacer {
  readonly #reserve: ReserveStarts;
  readonly #wanted: number;
  readonly #clock: PacerClock;
  /** The times of the reserved starts, latest first. */
  #reserved: number[] = [];

  constructor(ratePerSecond: number, reserve: ReserveStarts, clock: PacerClock = realClock) {
    this.#reserve = reserve;
    this.#wanted = Math.max(1, Math.floor((ratePerSecond * reservedMs) / 1000));
    this.#clock = clock;
  }

  /** Waits until the next call may begin, or the signal fires. */
  async mayBegin(stopping: AbortSignal): Promise<void> {
    const atMs = this.#nextReserved() ?? (await this.#reserveMore(stopping));
    if (atMs === undefined) return;
    const waitMs = atMs - this.#clock.nowMs();
    if (waitMs > 0) await this.#clock.wait(Math.ceil(waitMs), stopping);
  }

  #nextReserved(): number | undefined {
    const staleBeforeMs = this.#clock.nowMs() - staleMs;
    for (;;) {
      const atMs = this.#reserved.pop();
      if (atMs === undefined || atMs >= staleBeforeMs) return atMs;
    }
  }

  /** Returns the first new start, however late it is; undefined when the signal has fired. */
  async #reserveMore(stopping: AbortSignal): Promise<number | undefined> {
    const grant = await unlessAborted(this.#reserve(this.#wanted), stopping);
    if (grant === undefined) return undefined;
    const { delayMs, count, spacingMs } = grant;
    const firstMs = this.#clock.nowMs() + delayMs;
    this.#reserved = Array.from({ length: count }, (_, index) => firstMs + index * spacingMs).reverse();
    return this.#reserved.pop();
  }
}

function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

const realClock: PacerClock = {
  nowMs: () => performance.now(),
  async wait(ms, signal) {
    await delay(ms, undefined, { signal }).catch(() => undefined);
  },
};
