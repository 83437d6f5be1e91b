import { HeldValue } from "./held-value.js";
import type { SortedSink } from "./sorted-sink.js";

/** Longer texts are passed on at once. */
const heldBytesMax = 256;

/** Joins equal values in a row into one value with a count again where a run boundary separated them. */
export class CoalescingSink implements SortedSink {
  readonly #sink: SortedSink;
  readonly #held = new HeldValue();

  constructor(sink: SortedSink) {
    this.#sink = sink;
  }

  beginKey(partition: number, words: Int32Array, wordAt: number, keyBytes: number): void {
    this.#sink.beginKey(partition, words, wordAt, keyBytes);
  }

  value(bytes: Uint8Array, start: number, end: number, count: number): void {
    if (this.#held.is(bytes, start, end)) {
      this.#held.count += count;
      return;
    }
    this.#handOn();
    if (end - start > heldBytesMax) {
      this.#sink.value(bytes, start, end, count);
      return;
    }
    this.#held.hold(bytes, start, end, count);
  }

  endKey(): void {
    this.#handOn();
    this.#sink.endKey();
  }

  #handOn(): void {
    const { bytes, length, count } = this.#held;
    if (count > 0) this.#sink.value(bytes, 0, length, count);
    this.#held.count = 0;
  }
}
