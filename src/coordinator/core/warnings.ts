const warningsMax = 100;

/** The warnings of a job: each text once, the first hundred of them. */
export class Warnings {
  readonly #texts = new Set<string>();
  #omitted = 0;

  /**
   * Takes the warnings of a committed attempt, and returns what the user is to be told now: the texts that are new, and
   * once that later ones are only counted.
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

  /** How many warnings are not in the list. */
  get omitted(): number {
    return this.#omitted;
  }
}
