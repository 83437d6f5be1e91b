const blockBytes = 256 * 1024;

/** Standard output in blocks, each of which is waited for, so that what is not read yet takes no memory. */
export class StandardOutput {
  #block = Buffer.allocUnsafeSlow(blockBytes);
  #filled = 0;
  /** Whether nobody reads any more (`| head`), or nothing can be written. */
  isClosed = false;

  /** Takes some bytes, which are copied; false when they have no place before `flush`. */
  take(bytes: Uint8Array): boolean {
    if (this.#filled + bytes.length > blockBytes) return false;
    this.#block.set(bytes, this.#filled);
    this.#filled += bytes.length;
    return true;
  }

  /** Writes what was taken, and these bytes. What goes wrong is told by the program's own listener. */
  async flush(bytes?: Uint8Array): Promise<void> {
    await this.#write(this.#block.subarray(0, this.#filled));
    this.#filled = 0;
    if (bytes !== undefined) await this.#write(bytes);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.isClosed || bytes.length === 0) return;
    const error = await new Promise<unknown>((resolve) => process.stdout.write(bytes, resolve));
    if (error !== undefined && error !== null) this.isClosed = true;
  }
}
