import { setImmediate } from "node:timers/promises";

/**
 * What an app throws in a callback, or in a promise that nobody awaits. It is listened to from the start, so that it does not
 * end this process, until `close`.
 */
export class StrayErrors {
  /** What has come when none of its code was run: it is that of the next piece. */
  readonly #early: unknown[] = [];
  #onIdle: (error: unknown) => void = (error) => this.#early.push(error);
  #onError = this.#onIdle;
  readonly #listener = (error: unknown) => {
    this.#onError(error);
  };

  constructor() {
    process.on("uncaughtException", this.#listener);
  }

  /**
   * Runs a piece of app code, and rejects also with what it throws astray. That comes out a turn later, so it is waited for
   * that turn.
   */
  async endOf<Result>(run: () => Promise<Result>): Promise<Result> {
    const early = this.#early.splice(0);
    if (early.length > 0) throw early[0];
    const stray = new Promise<never>((_, reject) => (this.#onError = reject));
    stray.catch(() => undefined);
    try {
      const result = await Promise.race([run(), stray]);
      await Promise.race([setImmediate(), stray]);
      return result;
    } finally {
      this.#onError = this.#onIdle;
    }
  }

  /** To be called when no more of it is run: who is told of what comes all the same. */
  tell(onError: (error: unknown) => void): void {
    this.#onIdle = this.#onError = onError;
    this.#early.splice(0).forEach(onError);
  }

  close(): void {
    process.off("uncaughtException", this.#listener);
  }
}
