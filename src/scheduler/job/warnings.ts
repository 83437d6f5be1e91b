const warningsMax = 100;

/** The first hundred different warnings of a job. */
export class Warnings {
  readonly #texts = new Set<string>();
  #omitted = 0;

  /**
   * Adds the warnings of a committed attempt. Returns what to tell the user now: the new texts, and once, that further
   * ones are only counted.
   */
  add(warnings: readonly string[]): string[] {
    const told: string[] = [];
    for (const warning of warnings) {
      if (this.#texts.has(warning)) continue;
      if (this.#texts.size < warningsMax) {
        this.#texts.add(warning);
        told.push(`warning: ${warning}`);
      } else if (this.#omitted++ === 0) {
        told.push(`warning: more than ${warningsMax} warnings; further ones are only counted`);
      }
    }
    return told;
  }

  get list(): string[] {
    return [...this.#texts];
  }

  /** The number of warnings that are not in the list. */
  get omitted(): number {
    return this.#omitted;
  }
}
