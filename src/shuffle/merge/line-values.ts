import type { JsonValue } from "../../app/contract.js";

/** The values of one line, as they were read, and how often each of them repeats in a row. Used again line by line. */
export class LineValues {
  readonly values: JsonValue[] = [];
  readonly counts: number[] = [];
  /** The length of each value's JSON text, in bytes. */
  readonly textBytes: number[] = [];
  /** How many values there are; what the arrays hold beyond is of no meaning. */
  length = 0;
  /** How many there are with all repetitions. */
  pairs = 0;

  clear(): void {
    this.length = 0;
    this.pairs = 0;
  }

  /** Adds a value that is there once, as long as `setCount` does not say otherwise. */
  add(value: JsonValue, textBytes: number): void {
    const index = this.length++;
    this.values[index] = value;
    this.counts[index] = 1;
    this.textBytes[index] = textBytes;
    this.pairs++;
  }

  setCount(index: number, count: number): void {
    this.counts[index] = count;
    this.pairs += count - 1;
  }
}
