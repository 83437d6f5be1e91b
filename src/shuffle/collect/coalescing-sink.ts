import type { SortedSink } from "./sorted-sink.js";

/** A longer text is handed on at once. */
const heldBytesMax = 256;

/** Makes equal values in a row one value with a count again, where a run ended between them. */
export class CoalescingSink implements SortedSink {
  readonly #sink: SortedSink;
  /** The last value of the key, not handed on yet; `#count` is 0 when there is none. */
  readonly #held = Buffer.allocUnsafeSlow(heldBytesMax);
  #heldBytes = 0;
  #count = 0;

  constructor(sink: SortedSink) {
    this.#sink = sink;
  }

  beginKey(partition: number, words: Int32Array, wordAt: number, keyBytes: number): void {
    this.#sink.beginKey(partition, words, wordAt, keyBytes);
  }

  value(bytes: Uint8Array, start: number, end: number, count: number): void {
    if (this.#isHeld(bytes, start, end)) {
      this.#count += count;
      return;
    }
    this.#handOn();
    if (end - start > heldBytesMax) {
      this.#sink.value(bytes, start, end, count);
      return;
    }
    for (let at = start; at < end; at++) this.#held[at - start] = bytes[at] ?? 0;
    this.#heldBytes = end - start;
    this.#count = count;
  }

  endKey(): void {
    this.#handOn();
    this.#sink.endKey();
  }

  #isHeld(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#count === 0 || end - start !== this.#heldBytes) return false;
    for (let at = start; at < end; at++) if (bytes[at] !== this.#held[at - start]) return false;
    return true;
  }

  #handOn(): void {
    if (this.#count > 0) this.#sink.value(this.#held, 0, this.#heldBytes, this.#count);
    this.#count = 0;
  }
}
