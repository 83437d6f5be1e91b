import type { Combine } from "../../app/combine.js";
import type { JsonValue } from "../../app/contract.js";
import { shownKey } from "../../app/given.js";
import { FoldedValues } from "../folded-values.js";
import type { LineValues } from "./line-values.js";
import { withRepeated } from "../repeated-values.js";
import { ValueStream } from "./value-stream.js";

/** A key with all its values: what one call of `reduce` or `reduceStream` gets. */
export interface Group {
  readonly key: string;

  /**
   * Streams the values, which are not all in memory. They can be read once, until the caller asks for the next group,
   * and need not be read to the end. Reading a second time, or too late, throws an Error rather than give other values.
   * Each object or array belongs to the reader, who may change it.
   */
  values(): Iterable<JsonValue>;

  /** All values in an array; counts as the one permitted reading. */
  toArray(): JsonValue[];
}

/** Where a group gets its values. */
interface LineSource {
  /** Lends the values of the key's next line until the next call; undefined when there are no more. */
  takeLine(): LineValues | undefined;
}

/** The values of a key in one array: FoldedValues for an app that cannot fold. */
class AllValues {
  values: JsonValue[] = [];

  add(value: JsonValue, _textLength: number, count: number): void {
    this.values = withRepeated(this.values, value, count);
  }
}

/** A group whose values come line by line. */
export class LineGroup implements Group {
  readonly key: string;
  readonly #lines: LineSource;
  readonly #combine: Combine | undefined;
  readonly #onValue: (() => void) | undefined;
  #stream: ValueStream | undefined;
  #isTaken = false;
  #isOver = false;

  /** `combine`, if given, keeps the array of values short. */
  constructor(key: string, lines: LineSource, combine: Combine | undefined, onValue?: () => void) {
    this.key = key;
    this.#lines = lines;
    this.#combine = combine;
    this.#onValue = onValue;
  }

  values(): Iterable<JsonValue> {
    return {
      [Symbol.iterator]: () => {
        this.#take();
        this.#stream = new ValueStream(() => this.#takeLine(), this.#onValue);
        return this.#stream;
      },
    };
  }

  toArray(): JsonValue[] {
    this.#take();
    const gathered = this.#combine === undefined ? new AllValues() : new FoldedValues(this.key, this.#combine);
    // Equal values are counted across lines, so that an array gets its full length at once.
    let last: JsonValue = null;
    let textBytes = 0;
    let count = 0;
    for (let line = this.#takeLine(); line !== undefined; line = this.#takeLine()) {
      for (let index = 0; index < line.length; index++) {
        const value = line.values[index] ?? null;
        if (count === 0 || !Object.is(value, last)) {
          if (count > 0) gathered.add(last, textBytes, count);
          last = value;
          textBytes = line.textBytes[index] ?? 0;
          count = 0;
        }
        count += line.counts[index] ?? 1;
      }
    }
    gathered.add(last, textBytes, count);
    return gathered.values;
  }

  /** From now on no value can be read. */
  end(): void {
    this.#isOver = true;
    this.#stream?.forgetLine();
  }

  #take(): void {
    if (this.#isTaken) throw new Error(`the values of key ${shownKey(this.key)} can be read only once`);
    this.#isTaken = true;
  }

  #takeLine(): LineValues | undefined {
    if (this.#isOver) throw new Error(`the values of key ${shownKey(this.key)} can be read only before the next key`);
    return this.#lines.takeLine();
  }
}
