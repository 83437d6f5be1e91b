const bytesMin = 256;

/** A copy of a value's text, held back with its repeat count because the next value may be the same. */
export class HeldValue {
  #bytes = Buffer.allocUnsafeSlow(bytesMin);
  #length = 0;
  /** 0 when no value is held. */
  count = 0;

  /** Holds the text from its first byte on. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get length(): number {
    return this.#length;
  }

  /** Copies the text in `bytes` from `start` to `end`. */
  hold(bytes: Uint8Array, start: number, end: number, count: number): void {
    if (this.#bytes.length < end - start) this.#bytes = Buffer.allocUnsafeSlow(end - start);
    for (let at = start; at < end; at++) this.#bytes[at - start] = bytes[at] ?? 0;
    this.#length = end - start;
    this.count = count;
  }

  /** Whether the held text equals this one. */
  is(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.count === 0 || end - start !== this.#length) return false;
    for (let at = start; at < end; at++) if (bytes[at] !== this.#bytes[at - start]) return false;
    return true;
  }
}
