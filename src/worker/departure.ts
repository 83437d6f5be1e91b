/**
 * How a worker is made to leave before the job has ended: at once (`stop`), or when it has finished the attempt that it
 * runs (`drain`), for which it has a time.
 */
export class Departure {
  readonly #stopping = new AbortController();
  #isBusy = false;
  /** Why no other task is to be taken; undefined as long as they are. */
  #drainReason: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Aborted when the worker is to leave at once; its reason is that of `stop` or `drain`. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Whether the worker takes no other task. */
  get isDraining(): boolean {
    return this.#drainReason !== undefined;
  }

  /** To be called by the worker: whether it has something to finish. */
  setBusy(isBusy: boolean): void {
    this.#isBusy = isBusy;
    if (!isBusy && this.#drainReason !== undefined) this.stop(this.#drainReason);
  }

  /** The worker is to leave when it has finished what it does, at the latest after `timeoutMs`. */
  drain(reason: string, timeoutMs: number): void {
    if (this.isDraining) return;
    this.#drainReason = reason;
    if (this.#isBusy) this.#timer = setTimeout(() => this.stop(reason), timeoutMs);
    else this.stop(reason);
  }

  /** The worker is to leave at once. */
  stop(reason: string): void {
    clearTimeout(this.#timer);
    this.#stopping.abort(reason);
  }
}
