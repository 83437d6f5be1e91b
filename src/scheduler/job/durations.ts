/** The number of steps from one power of two to the next. */
const stepsPerDoubling = 8;
/** From less than a millisecond to 2^32 ms, which is fifty days. */
const doublings = 32;

/**
 * A histogram of durations with a fixed number of classes: the median is accurate to a tenth, and no list is stored.
 */
export class Durations {
  readonly #counts = new Uint32Array(doublings * stepsPerDoubling + 1);
  count = 0;
  totalMs = 0;
  maxMs = 0;

  add(durationMs: number): void {
    const step = durationMs < 1 ? 0 : 1 + Math.floor(Math.log2(durationMs) * stepsPerDoubling);
    const index = Math.min(step, this.#counts.length - 1);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.count += 1;
    this.totalMs += durationMs;
    this.maxMs = Math.max(this.maxMs, durationMs);
  }

  get medianMs(): number {
    let left = this.count / 2;
    const step = this.#counts.findIndex((n) => (left -= n) <= 0);
    if (this.count === 0 || step === 0) return 0;
    return Math.min(this.maxMs, 2 ** ((step - 0.5) / stepsPerDoubling));
  }

  /**
   * How many durations were less than one, two, four, … milliseconds, up to the first power of two above them all.
   */
  buckets(): [ms: number, count: number][] {
    const buckets: [number, number][] = [];
    let count = 0;
    for (const [step, n] of this.#counts.entries()) {
      count += n;
      if (step % stepsPerDoubling !== 0) continue;
      buckets.push([2 ** (step / stepsPerDoubling), count]);
      if (count === this.count) break;
    }
    return buckets;
  }
}
