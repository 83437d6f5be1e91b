import type { StoredFile } from "../rpc/protocol.js";
import { DamagedInputError } from "./damaged-input-error.js";
import { decodeLine, type IntermediateLine } from "./intermediate-format.js";
import { compareKeys } from "./key-order.js";
import { StoredBytes } from "./stored-bytes.js";

const newline = 0x0a;

/** How an intermediate file is read. */
export interface ReaderOptions {
  /** How much is read at a time; what a reader holds in memory, unless a line is longer. */
  readonly blockBytes: number;
  /** Whether the file stays open between blocks. */
  readonly staysOpen: boolean;
}

/**
 * Reads an intermediate file line by line, a block at a time. A block is decoded up to its last newline: a byte 0x0A is
 * a newline wherever it stands in UTF-8, so no character is ever cut in two.
 *
 * Throws a DamagedInputError for everything that StoredBytes and `decodeLine` notice, and for keys out of order.
 */
export class IntermediateReader {
  readonly #location: string;
  readonly #bytes: StoredBytes;
  readonly #blockBytes: number;
  /** Bytes read but not decoded yet: the beginning of a line. */
  #block: Buffer;
  #blockFilled = 0;
  /** Decoded lines, each with its newline, and where the next one begins. */
  #text = "";
  #textPosition = 0;
  #lineNumber = 0;
  #previousKey = "";

  /** Opens the file and checks its length. */
  constructor(file: StoredFile, options: ReaderOptions) {
    this.#location = file.location;
    this.#bytes = new StoredBytes(file, options.staysOpen);
    this.#blockBytes = options.blockBytes;
    this.#block = Buffer.allocUnsafeSlow(Math.min(options.blockBytes, Math.max(1, file.bytes)));
  }

  /** The next line, undefined at the end of the file, which by then has been verified and closed. */
  next(): IntermediateLine | undefined {
    if (this.#textPosition === this.#text.length && !this.#decodeBlock()) return undefined;
    const end = this.#text.indexOf("\n", this.#textPosition);
    const line = decodeLine(this.#text.slice(this.#textPosition, end), this.#location, ++this.#lineNumber);
    this.#textPosition = end + 1;
    if (compareKeys(this.#previousKey, line.key) > 0) {
      throw new DamagedInputError(this.#location, `is damaged: the key in line ${this.#lineNumber} is out of order`);
    }
    this.#previousKey = line.key;
    return line;
  }

  close(): void {
    this.#bytes.close();
  }

  /** Reads until there is at least one whole line, and decodes all whole lines. False at the end of the file. */
  #decodeBlock(): boolean {
    for (;;) {
      const start = this.#blockFilled;
      const free = Math.min(this.#block.length - start, this.#blockBytes);
      const bytes = this.#bytes.read(this.#block, start, free);
      if (bytes === 0) return this.#endOfFile();
      this.#blockFilled += bytes;
      const lastNewline = this.#block.subarray(start, this.#blockFilled).lastIndexOf(newline);
      if (lastNewline >= 0) {
        this.#decodeUpTo(start + lastNewline + 1);
        return true;
      }
      if (this.#blockFilled === this.#block.length) this.#resizeBlock(this.#block.length * 2);
    }
  }

  #decodeUpTo(end: number): void {
    this.#text = this.#block.toString("utf8", 0, end);
    this.#textPosition = 0;
    this.#block.copyWithin(0, end, this.#blockFilled);
    this.#blockFilled -= end;
    // The room for a long line is given back; the rest of the last block read is shorter than a block.
    if (this.#block.length > this.#blockBytes) this.#resizeBlock(this.#blockBytes);
  }

  #endOfFile(): false {
    if (this.#blockFilled === 0) return false;
    throw new DamagedInputError(this.#location, `is damaged: line ${this.#lineNumber + 1} has no end`);
  }

  #resizeBlock(bytes: number): void {
    const block = Buffer.allocUnsafeSlow(bytes);
    this.#block.copy(block, 0, 0, this.#blockFilled);
    this.#block = block;
  }
}
