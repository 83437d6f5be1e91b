import { constants } from "node:buffer";
import prettyBytes from "pretty-bytes";
import { BadRecordError } from "./bad-record-error.js";
import type { ByteSource } from "./byte-source.js";
import { decode } from "./decode.js";
import type { RecordReader } from "./record-reader.js";

/**
 * The maximum size that an app can receive whole, as a string or as bytes. A string has at most as many UTF-16 units as
 * its UTF-8 has bytes.
 */
export const wholeBytesMax = constants.MAX_STRING_LENGTH;

/** How much is read at a time from a file of unknown length. */
const blockBytes = 1024 * 1024;

/** A whole file as a single record, as bytes. */
export class WholeBytesReader implements RecordReader<Uint8Array> {
  readonly #source: ByteSource;
  #isRead = false;
  #blocks: Buffer[] = [];
  #block: Buffer;
  #filled = 0;
  value: Buffer = Buffer.alloc(0);
  readonly offset = 0;
  endOffset = 0;

  constructor(source: ByteSource) {
    this.#source = source;
    this.endOffset = source.start;
    this.#block = Buffer.allocUnsafeSlow(Math.min(source.length ?? blockBytes, wholeBytesMax));
  }

  next(): boolean | Promise<boolean> {
    if (this.#isRead) return false;
    this.#isRead = true;
    return this.#read();
  }

  close(): void | Promise<void> {
    return this.#source.close();
  }

  #read(): boolean | Promise<boolean> {
    for (;;) {
      if (this.#filled === this.#block.length) this.#nextBlock();
      const bytes = this.#source.read(this.#block, this.#filled);
      if (typeof bytes !== "number") return bytes.then((bytes) => this.#take(bytes) || this.#read());
      if (this.#take(bytes)) return true;
    }
  }

  /** Whether that was the end. */
  #take(bytes: number): boolean {
    this.#filled += bytes;
    this.endOffset += bytes;
    if (bytes > 0) return false;
    this.#nextBlock();
    const blocks = this.#blocks;
    this.#blocks = [];
    this.#block = Buffer.alloc(0);
    if (this.endOffset > wholeBytesMax) throw tooLong(this.endOffset);
    this.value = blocks.length === 1 && blocks[0] !== undefined ? blocks[0] : Buffer.concat(blocks);
    return true;
  }

  #nextBlock(): void {
    // The error must still report the length.
    if (this.endOffset > wholeBytesMax) this.#blocks = [];
    else if (this.#filled > 0) this.#blocks.push(this.#block.subarray(0, this.#filled));
    this.#block = Buffer.allocUnsafeSlow(blockBytes);
    this.#filled = 0;
  }
}

/** The same as a string. */
export class WholeTextReader implements RecordReader<string> {
  readonly #bytes: WholeBytesReader;
  value = "";
  readonly offset = 0;

  constructor(source: ByteSource) {
    this.#bytes = new WholeBytesReader(source);
  }

  get endOffset(): number {
    return this.#bytes.endOffset;
  }

  next(): boolean | Promise<boolean> {
    const isThere = this.#bytes.next();
    return typeof isThere === "boolean" ? isThere && this.#take() : isThere.then((isThere) => isThere && this.#take());
  }

  close(): void | Promise<void> {
    return this.#bytes.close();
  }

  #take(): boolean {
    this.value = decode(this.#bytes.value);
    // Two copies of a file would be one too many.
    this.#bytes.value = Buffer.alloc(0);
    return true;
  }
}

function tooLong(bytes: number): BadRecordError {
  const [length, most] = [bytes, wholeBytesMax].map((bytes) => prettyBytes(bytes, { binary: true }));
  const wayOut = 'let the app export input = "text" (or "lines")';
  return new BadRecordError(0, bytes, `a file of ${length}, more than an app can read whole (${most}): ${wayOut}`);
}
