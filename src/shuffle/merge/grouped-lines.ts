import { groupOf, groupStartOf } from "../grouped-key.js";
import type { LineValues } from "./line-values.js";
import type { MergedLines } from "./merged-lines.js";

/** The lines of grouped keys (`grouped-key.ts`), group by group, and within a group in the order of its keys. */
export class GroupedLines {
  readonly #lines: MergedLines;
  /** The common beginning of the current group's keys; undefined when there is no group. */
  #start: string | undefined;
  /** The current key, which may be the first of the next group; undefined at the end. */
  #key: string | undefined;
  #hasBegun = false;

  constructor(lines: MergedLines) {
    this.#lines = lines;
  }

  get pairs(): number {
    return this.#lines.pairs;
  }

  /** Advances to the next group, skipping the remaining lines of the current one. Undefined at the end. */
  nextKey(): string | undefined {
    if (!this.#hasBegun) this.#advance();
    while (this.#isInGroup()) this.#advance();
    this.#start = this.#key === undefined ? undefined : groupStartOf(this.#key);
    return this.#key === undefined ? undefined : groupOf(this.#key);
  }

  /** The values of the current group's next line, valid until the next call; undefined when there are no more lines. */
  takeLine(): LineValues | undefined {
    while (this.#isInGroup()) {
      const line = this.#lines.takeLine();
      if (line !== undefined) return line;
      this.#advance();
    }
    return undefined;
  }

  /** Closes all inputs. No lines follow. */
  close(): void {
    this.#key = undefined;
    this.#lines.close();
  }

  #isInGroup(): boolean {
    return this.#key !== undefined && this.#start !== undefined && this.#key.startsWith(this.#start);
  }

  #advance(): void {
    this.#hasBegun = true;
    this.#key = this.#lines.nextKey();
  }
}
