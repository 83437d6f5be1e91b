import type { JsonValue } from "../../app/contract.js";
import type { LineValues } from "./line-values.js";
import { textToCopy } from "../repeated-values.js";

const done = { done: true, value: undefined } as const;

/**
 * The values of a key one after the other, each object a separate copy. Holds one line at a time. A class rather than a
 * generator, which is slower per value.
 */
export class ValueStream implements IterableIterator<JsonValue, undefined, undefined> {
  readonly #onValue: () => void;
  #nextLine: () => LineValues | undefined;
  #line: LineValues | undefined;
  /** The index in the line of the value after this one. */
  #index = 0;
  /** The value, how many more times to return it, and its text if it must be copied each time. */
  #value: JsonValue = null;
  #left = 0;
  #text: string | undefined;

  /** `nextLine` lends the lines of the key one after the other, then returns undefined. It may throw. */
  constructor(nextLine: () => LineValues | undefined, onValue: () => void = () => undefined) {
    this.#onValue = onValue;
    this.#nextLine = nextLine;
  }

  next(): IteratorResult<JsonValue, undefined> {
    if (this.#left === 0 && !this.#nextValue()) return this.return();
    this.#left--;
    this.#onValue();
    return { done: false, value: this.#text === undefined ? this.#value : (JSON.parse(this.#text) as JsonValue) };
  }

  return(): IteratorResult<JsonValue, undefined> {
    this.#nextLine = () => undefined;
    this.forgetLine();
    return done;
  }

  /** To be called when the line is no longer valid. */
  forgetLine(): void {
    this.#line = undefined;
    this.#left = 0;
  }

  [Symbol.iterator](): this {
    return this;
  }

  #nextValue(): boolean {
    let line = this.#line;
    if (line === undefined || this.#index === line.length) {
      line = this.#nextLine();
      if (line === undefined) return false;
      this.#line = line;
      this.#index = 0;
    }
    this.#value = line.values[this.#index] ?? null;
    this.#left = line.counts[this.#index] ?? 1;
    this.#text = this.#left === 1 ? undefined : textToCopy(this.#value);
    this.#index++;
    return true;
  }
}
