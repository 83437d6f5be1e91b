import type { PairTaker } from "./collector.js";

/** Gets the pairs that a collector is given, in place of the collector. */
export type Detour = Pick<PairTaker, "emit" | "emitBytes" | "emitSlices">;

/** Rejects all pairs. */
export class Refusal implements Detour {
  readonly #reason: string;
  readonly #cause: unknown;

  /** `cause` is the error by which pairs were lost. The app may have caught it where it called `emit`. */
  constructor(reason: string, cause?: unknown) {
    this.#reason = reason;
    this.#cause = cause;
  }

  emit(): never {
    throw this.errorOf("emit");
  }

  emitBytes(): never {
    throw this.errorOf("emitBytes");
  }

  emitSlices(): never {
    throw this.errorOf("emitSlices");
  }

  /** The error for a call of `called`. */
  errorOf(called: string): Error {
    return new Error(`${called}: ${this.#reason}`, { cause: this.#cause });
  }
}
