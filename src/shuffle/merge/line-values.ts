import type { JsonValue } from "../../app/contract.js";

/** The values of one line, and how often each repeats in a row. Reused line by line. */
export class LineValues {
  readonly values: JsonValue[] = [];
  readonly counts: number[] = [];
  /** The length of each value's JSON text, in bytes. */
  readonly textBytes: number[] = [];
  /** How many values there are; array elements beyond this are meaningless. */
  length = 0;
  /** How many there are with all repetitions. */
  pairs = 0;

  clear(): void {
    this.length = 0;
    this.pairs = 0;
  }

  /** Adds a value with count 1, which `setCount` may change. */
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
