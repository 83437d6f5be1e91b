/**
 * The beginning of a line that has not ended. It grows by doubling, so that a line of many small chunks is copied a
 * bounded number of times.
 */
export class LineBuffer {
  #buffer: Buffer = Buffer.alloc(0);
  #bytes = 0;

  /** The number of bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends a copy of the next piece of the line. */
  hold(piece: Buffer): void {
    const bytes = this.#bytes + piece.length;
    if (bytes > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(bytes, 2 * this.#buffer.length));
      this.#buffer.copy(grown, 0, 0, this.#bytes);
      this.#buffer = grown;
    }
    piece.copy(this.#buffer, this.#bytes);
    this.#bytes = bytes;
  }

  /** Returns the bytes, which the caller owns from now on, and empties the buffer. */
  take(): Buffer {
    const held = this.#buffer.subarray(0, this.#bytes);
    this.#buffer = Buffer.alloc(0);
    this.#bytes = 0;
    return held;
  }
}
