import { setImmediate } from "node:timers/promises";

/**
 * Catches what an app throws in a callback, or in a promise that nothing awaits. Listens from the start until `close`,
 * so that such an error does not end this process.
 */
export class StrayErrors {
  /** Errors that arrived while no app code ran: the next piece of app code is blamed for them. */
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
   * Runs a piece of app code, and also rejects with its stray errors. These surface a turn later, so this waits for
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

  /** Call it when no more app code runs: `onError` receives all later errors. */
  tell(onError: (error: unknown) => void): void {
    this.#onIdle = this.#onError = onError;
    this.#early.splice(0).forEach(onError);
  }

  close(): void {
    process.off("uncaughtException", this.#listener);
  }
}
