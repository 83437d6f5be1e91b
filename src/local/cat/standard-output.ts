import { visibleText } from "../../terminal/visible-text.js";

const blockBytes = 256 * 1024;

/** Standard output in blocks. Each block is awaited, so that unread output takes no memory. */
export class StandardOutput {
  /** Determined once, not for each record. */
  readonly #isTerminal = process.stdout.isTTY;
  #block = Buffer.allocUnsafeSlow(blockBytes);
  #filled = 0;
  /** Whether the reader has gone (`| head`), or nothing can be written. */
  isClosed = false;

  /** Adds a copy of a record; false when it does not fit before `flush`. */
  take(record: Buffer): boolean {
    const bytes = this.#shown(record);
    if (this.#filled + bytes.length > blockBytes) return false;
    this.#block.set(bytes, this.#filled);
    this.#filled += bytes.length;
    return true;
  }

  /** Writes the added records, and this one. The program's own listener reports errors. */
  async flush(record?: Buffer): Promise<void> {
    await this.#write(this.#block.subarray(0, this.#filled));
    this.#filled = 0;
    if (record !== undefined) await this.#write(this.#shown(record));
  }

  /** Writes bytes unchanged. */
  async writeRaw(bytes: Uint8Array): Promise<void> {
    await this.#write(bytes);
  }

  /** Makes control characters visible on a terminal. Elsewhere records are data, and stay unchanged. */
  #shown(record: Buffer): Buffer {
    return this.#isTerminal ? Buffer.from(visibleText(record.toString())) : record;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.isClosed || bytes.length === 0) return;
    const error = await new Promise<unknown>((resolve) => process.stdout.write(bytes, resolve));
    if (error !== undefined && error !== null) this.isClosed = true;
  }
}
