import { isUtf8 } from "node:buffer";
import type { StoredFile } from "../stored-file.js";
import { DamagedInputError } from "./damaged-input-error.js";
import { StoredBytes } from "./stored-bytes.js";

const newline = 0x0a;
/** Up to this length V8 copies a slice; a longer slice would keep the whole text alive. */
const sliceLengthMax = 12;

/** How an intermediate file is read. */
export interface ReaderOptions {
  /** How much is read at a time. A reader holds this much in memory, unless a line is longer. */
  readonly blockBytes: number;
  /** Whether the file stays open between blocks. */
  readonly staysOpen: boolean;
}

/**
 * Reads a stored file a block at a time and hands out the whole lines of each block. A byte 0x0A is always a newline in
 * UTF-8, so no character is ever cut in two.
 *
 * Throws a DamagedInputError for everything that StoredBytes notices, and for bytes that are not UTF-8.
 */
export class LineBlocks {
  /** Whole lines, up to the newline before `end`; the beginning of another line follows. */
  bytes: Buffer;
  end = 0;
  readonly #location: string;
  readonly #stored: StoredBytes;
  readonly #blockBytes: number;
  #filled = 0;
  /** One character per byte of the lines (Latin-1): in ASCII, a short slice is the cheapest string to make. */
  #text = "";

  /** Opens the file and checks its length. */
  constructor(file: StoredFile, options: ReaderOptions) {
    this.#location = file.location;
    this.#stored = new StoredBytes(file, options.staysOpen);
    this.#blockBytes = options.blockBytes;
    this.bytes = Buffer.allocUnsafeSlow(Math.min(options.blockBytes, Math.max(1, file.bytes)));
  }

  /** Whether bytes follow the last newline: at the end of the file, this is an unterminated line. */
  get hasRest(): boolean {
    return this.#filled > this.end;
  }

  /** Advances to the next lines, at least one. False at the end of the file, which is then verified and closed. */
  next(): boolean {
    this.#dropLines();
    for (;;) {
      const start = this.#filled;
      const free = Math.min(this.bytes.length - start, this.#blockBytes);
      const bytes = this.#stored.read(this.bytes, start, free);
      if (bytes === 0) return false;
      this.#filled += bytes;
      const lastNewline = this.bytes.subarray(start, this.#filled).lastIndexOf(newline);
      if (lastNewline >= 0) {
        this.#takeLines(start + lastNewline + 1);
        return true;
      }
      if (this.#filled === this.bytes.length) this.#resize(this.bytes.length * 2);
    }
  }

  /** Decodes a range of the lines. */
  string(start: number, end: number): string {
    if (end - start <= sliceLengthMax && isAscii(this.bytes, start, end)) return this.#text.slice(start, end);
    return this.bytes.toString("utf8", start, end);
  }

  close(): void {
    this.#stored.close();
  }

  #takeLines(end: number): void {
    this.end = end;
    if (!isUtf8(this.bytes.subarray(0, end)))
      throw new DamagedInputError(this.#location, "is damaged: it is not UTF-8");
    this.#text = this.bytes.toString("latin1", 0, end);
  }

  #dropLines(): void {
    this.bytes.copyWithin(0, this.end, this.#filled);
    this.#filled -= this.end;
    this.end = 0;
    this.#text = "";
    // Releases the room for a long line; the rest of the last block read is shorter than a block.
    if (this.bytes.length > this.#blockBytes) this.#resize(this.#blockBytes);
  }

  #resize(bytes: number): void {
    const block = Buffer.allocUnsafeSlow(bytes);
    this.bytes.copy(block, 0, 0, this.#filled);
    this.bytes = block;
  }
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let bits = 0;
  for (let at = start; at < end; at++) bits |= bytes[at] ?? 0;
  return bits < 0x80;
}
