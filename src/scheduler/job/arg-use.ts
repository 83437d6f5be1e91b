import type { ArgUse } from "../../model/attempt.js";

/** Which values of `--arg` the attempts of a job have read, and which they have looked for in vain. */
export class ArgUseOfJob {
  readonly #read = new Set<string>();
  readonly #missed = new Set<string>();

  /** Adds the use of an attempt; undefined when the job has no args. */
  add(use: ArgUse | undefined): void {
    for (const name of use?.read ?? []) this.#read.add(name);
    for (const name of use?.missed ?? []) this.#missed.add(name);
  }

  hasRead(name: string): boolean {
    return this.#read.has(name);
  }

  get missed(): readonly string[] {
    return [...this.#missed];
  }
}
