import type { JsonValue } from "../app/contract.js";
import { shownKey } from "../app/given.js";
import type { IntermediateLine } from "./intermediate-format.js";
import { pushRepeated, repeated } from "./repeated-values.js";

/** A key with all its values: what one call of `reduce` or `reduceStream` gets. */
export interface Group {
  readonly key: string;

  /**
   * The values, streaming: they can be read once, until the next group is asked for, and are not all in memory. Need not
   * be read to the end. Reading a second time, or too late, throws an Error rather than giving other values.
   * Each object or array is the reader's own, to be changed freely.
   */
  values(): Iterable<JsonValue>;

  /** All values in an array; the one reading that is allowed. */
  toArray(): JsonValue[];
}

/** A group whose values come line by line. */
export class LineGroup implements Group {
  readonly key: string;
  readonly #nextLine: () => IntermediateLine | undefined;
  #isTaken = false;
  #isOver = false;

  /** `nextLine` gives the lines of the key one after the other, then undefined. */
  constructor(key: string, nextLine: () => IntermediateLine | undefined) {
    this.key = key;
    this.#nextLine = nextLine;
  }

  values(): Iterable<JsonValue> {
    return {
      [Symbol.iterator]: () => {
        this.#take();
        return this.#stream();
      },
    };
  }

  toArray(): JsonValue[] {
    this.#take();
    const values: JsonValue[] = [];
    for (let line = this.#pull(); line !== undefined; line = this.#pull()) {
      const { counts } = line;
      for (const [index, value] of line.values.entries()) pushRepeated(values, value, counts?.[index] ?? 1);
    }
    return values;
  }

  /** From now on no value can be read. */
  end(): void {
    this.#isOver = true;
  }

  #take(): void {
    if (this.#isTaken) throw new Error(`the values of key ${shownKey(this.key)} can be read only once`);
    this.#isTaken = true;
  }

  *#stream(): Generator<JsonValue, void, undefined> {
    for (let line = this.#pull(); line !== undefined; line = this.#pull()) {
      const { counts } = line;
      for (const [index, value] of line.values.entries()) yield* repeated(value, counts?.[index] ?? 1);
    }
  }

  #pull(): IntermediateLine | undefined {
    if (this.#isOver) throw new Error(`the values of key ${shownKey(this.key)} can be read only before the next key`);
    return this.#nextLine();
  }
}
