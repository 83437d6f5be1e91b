/** The bytes of a file, received in pieces and returned in pieces of other sizes. */
export class PieceQueue {
  readonly #pieces: Iterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(pieces: Iterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.iterator]();
  }

  isAtEnd(): boolean {
    return !this.#fill(1);
  }

  /** Takes the next bytes. Throws an Error when the file has fewer. */
  take(bytes: number): Buffer {
    if (!this.#fill(bytes)) throw new Error("unexpected end of file");
    const taken = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return taken;
  }

  /** Returns the next bytes without removing them; fewer at the end of the file. */
  peek(bytes: number): Buffer {
    this.#fill(bytes);
    return this.#rest.subarray(0, bytes);
  }

  /** Takes as many bytes as are available at once; undefined at the end of the file. */
  takePiece(): Buffer | undefined {
    if (this.isAtEnd()) return undefined;
    return this.take(this.#rest.length);
  }

  /** Makes these the next bytes. */
  putBack(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([bytes, this.#rest]);
  }

  #fill(bytes: number): boolean {
    while (this.#rest.length < bytes) {
      const next = this.#pieces.next();
      if (next.done === true) return false;
      this.#rest = this.#rest.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#rest, next.value]);
    }
    return true;
  }
}
