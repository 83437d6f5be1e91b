/** How much of something may come: `burst` at once, and `perSecond` for as long as it likes. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * Tells a flood from a busy client, as a token bucket does: it is full at the start, each message or byte takes a token
 * out, and time puts tokens back in, up to the burst.
 */
export class TokenBucket {
  readonly #rate: Rate;
  readonly #nowMs: () => number;
  #tokens: number;
  #filledAtMs: number;

  /** `nowMs` is a clock that does not go back. */
  constructor(rate: Rate, nowMs: () => number) {
    this.#rate = rate;
    this.#nowMs = nowMs;
    this.#tokens = rate.burst;
    this.#filledAtMs = nowMs();
  }

  /** Takes so many tokens. False, and nothing is taken, when there are fewer. */
  take(tokens: number): boolean {
    const nowMs = this.#nowMs();
    const gained = ((nowMs - this.#filledAtMs) / 1000) * this.#rate.perSecond;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + gained);
    this.#filledAtMs = nowMs;
    if (tokens > this.#tokens) return false;
    this.#tokens -= tokens;
    return true;
  }
}
