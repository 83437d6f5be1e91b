/** Reports how long a benchmark run has taken, and estimates the remaining time. */
export class Progress {
  readonly #now: () => number;
  readonly #begin: number;
  /** Expected minutes of the remaining workloads, the next one first. */
  readonly #expected: number[];
  #expectedUntilNow = 0;
  /** When the first workload began. */
  #firstWorkload: number | undefined;

  /** `expectedMinutes` of each workload at full size; `scale` multiplies the sizes. */
  constructor(expectedMinutes: readonly number[], scale: number, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#begin = now();
    this.#expected = expectedMinutes.map((minutes) => minutes * scale);
  }

  /** To be called before each workload. */
  beginWorkload(): string {
    const now = this.#now();
    this.#firstWorkload ??= now;
    const left = this.#expected.reduce((sum, minutes) => sum + minutes, 0);
    // This machine may be faster or slower than the one for which the minutes were noted.
    const measured = (now - this.#firstWorkload) / 60_000;
    const pace = this.#expectedUntilNow > 0 ? measured / this.#expectedUntilNow : 1;
    this.#expectedUntilNow += this.#expected.shift() ?? 0;
    return `${this.elapsed()}, about ${minutesAndSeconds(left * pace)} remaining`;
  }

  elapsed(): string {
    return `${minutesAndSeconds((this.#now() - this.#begin) / 60_000)} elapsed`;
  }
}

function minutesAndSeconds(minutes: number): string {
  const seconds = Math.round(minutes * 60);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
