export interface DurationSummary {
  readonly count: number;
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Many durations without storing each: counted in classes, each a tenth longer than the previous one. */
export class Durations {
  readonly #classes: number[] = [];
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  add(durationMs: number): void {
    const index = Math.max(0, Math.ceil(Math.log(durationMs / shortestMs) / Math.log(growth)));
    this.#classes[index] = (this.#classes[index] ?? 0) + 1;
    this.#count += 1;
    this.#sumMs += durationMs;
    this.#maxMs = Math.max(this.#maxMs, durationMs);
  }

  summary(): DurationSummary {
    return { count: this.#count, meanMs: this.#sumMs / this.#count, p99Ms: this.#quantileMs(0.99), maxMs: this.#maxMs };
  }

  /** At most a tenth too high. */
  #quantileMs(part: number): number {
    let left = Math.ceil(this.#count * part);
    for (let index = 0; index < this.#classes.length; index++) {
      left -= this.#classes[index] ?? 0;
      if (left <= 0) return Math.min(this.#maxMs, shortestMs * growth ** index);
    }
    return this.#maxMs;
  }
}

const shortestMs = 0.0001;
const growth = 1.1;
