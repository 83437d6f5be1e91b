/**
 * Makes a worker leave before the job has ended: at once (`stop`), or when its current attempt has finished (`drain`),
 * within a time limit.
 */
export class Departure {
  readonly #stopping = new AbortController();
  #isBusy = false;
  /** Why the worker takes no more tasks; undefined as long as it does. */
  #drainReason: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Aborted when the worker must leave at once, with the reason of `stop` or `drain`. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Whether the worker takes no more tasks. */
  get isDraining(): boolean {
    return this.#drainReason !== undefined;
  }

  /** The worker reports whether it has something to finish. */
  setBusy(isBusy: boolean): void {
    this.#isBusy = isBusy;
    if (!isBusy && this.#drainReason !== undefined) this.stop(this.#drainReason);
  }

  /** Makes the worker leave when it has finished its current attempt, after `timeoutMs` at the latest. */
  drain(reason: string, timeoutMs: number): void {
    if (this.isDraining) return;
    this.#drainReason = reason;
    if (this.#isBusy) this.#timer = setTimeout(() => this.stop(reason), timeoutMs);
    else this.stop(reason);
  }

  /** Makes the worker leave at once. */
  stop(reason: string): void {
    clearTimeout(this.#timer);
    this.#stopping.abort(reason);
  }
}
