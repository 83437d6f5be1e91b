const bytesMin = 256;

/** The text of a value that is not handed on yet, since the next one may be the same: a copy, and how often it repeats. */
export class HeldValue {
  #bytes = Buffer.allocUnsafeSlow(bytesMin);
  #length = 0;
  /** 0 when there is none. */
  count = 0;

  /** Begins with its first byte. */
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

  /** Whether that text is held. */
  is(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.count === 0 || end - start !== this.#length) return false;
    for (let at = start; at < end; at++) if (bytes[at] !== this.#bytes[at - start]) return false;
    return true;
  }
}
