import type { JsonValue } from "../../app/contract.js";
import { NumberRows } from "./number-rows.js";
import { travelledValue } from "./travelled-value.js";
import { slotBytes, valueBytes } from "./value-bytes.js";

/** The memory of an array without its elements. */
const arrayBytes = slotBytes + valueBytes([]);

/** The values of a key that wait to be folded, in their order, as if they had travelled through JSON. */
export class WaitingValues {
  readonly key: string;
  /** The values are in `#rows` as long as all are numbers, or all are arrays of numbers, else in `#others`. */
  readonly #rows = new NumberRows();
  #others: JsonValue[] = [];
  #othersBytes = 0;
  #haveArrays = false;

  constructor(key: string) {
    this.key = key;
  }

  get count(): number {
    return this.#rows.count + this.#others.length;
  }

  /** The length of the values if they are arrays of numbers of one length, 0 if they are numbers, else −1. */
  get width(): number {
    return this.#others.length === 0 ? this.#rows.width : -1;
  }

  /** Whether any value is an array. */
  get haveArrays(): boolean {
    return this.#haveArrays || (this.#rows.count > 0 && this.#rows.width > 0);
  }

  /** An estimate of the memory in use. */
  get bytes(): number {
    return this.#rows.bytes + this.#othersBytes;
  }

  /** An estimate of the memory that the values would take as arrays and objects. */
  get size(): number {
    const { count, width } = this.#rows;
    return count * (width === 0 ? slotBytes : arrayBytes + slotBytes * width) + this.#othersBytes;
  }

  /** Adds a copy of a value that `giver` returned or emitted. Throws what `travelledValue` throws. */
  push(giver: string, value: unknown): void {
    if (this.#others.length === 0 && this.#rows.add(value)) return;
    const travelled = travelledValue(giver, this.key, value);
    for (const row of this.#rows.take()) this.#pushOther(row);
    this.#pushOther(travelled);
  }

  /** Removes all values and returns them. */
  take(): JsonValue[] {
    if (this.#others.length === 0) return this.#rows.take();
    const values = this.#others;
    this.#others = [];
    this.#othersBytes = 0;
    this.#haveArrays = false;
    return values;
  }

  #pushOther(value: JsonValue): void {
    this.#others.push(value);
    this.#othersBytes += slotBytes + valueBytes(value);
    if (Array.isArray(value)) this.#haveArrays = true;
  }
}
