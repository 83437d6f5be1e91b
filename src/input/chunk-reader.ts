import prettyBytes from "pretty-bytes";
import { BadRecordError } from "./bad-record-error.js";
import type { ByteSource } from "./byte-source.js";
import type { RecordReader } from "./record-reader.js";

const [newline, carriageReturn] = [0x0a, 0x0d];

/**
 * How much is read at a time, and so the usual length of a chunk: it stays in the processor's cache from the read to the
 * last look at it.
 */
const usualBytes = 256 * 1024;

/** A longer line is a bad record. Half of what a string can hold, and little enough to be in memory two or three times. */
export const lineBytesMax = 256 * 2 ** 20;

interface ChunkOptions {
  /** Usual length of a chunk. */
  readonly chunkBytes?: number;
  /** A line that is longer is a bad record, and no chunk is longer. */
  readonly maxBytes?: number;
  /** Whether a lone carriage return ends a line, too. */
  readonly endsAtReturn?: boolean;
}

/**
 * The lines of a source as chunks of whole lines. A chunk is longer than usual when a line is, and is lent: the next one
 * overwrites it. A line that is too long is read over, and never held in memory.
 */
export class ChunkReader implements RecordReader<Uint8Array> {
  readonly #source: ByteSource;
  readonly #usualBytes: number;
  readonly #maxBytes: number;
  readonly #endsAtReturn: boolean;
  #block: Buffer;
  /** How much of the block is filled: the chunk, and after it the beginning of the next one. */
  #filled = 0;
  #chunkBytes = 0;
  /** Where in the file the block begins. */
  #position: number;
  /** Where a line begins that is too long; undefined while there is none. */
  #tooLong: number | undefined;
  /** Whether the chunk goes to the end of the source. */
  isLast = false;

  constructor(
    source: ByteSource,
    { chunkBytes = usualBytes, maxBytes = lineBytesMax, endsAtReturn = false }: ChunkOptions = {},
  ) {
    this.#source = source;
    this.#maxBytes = maxBytes;
    this.#endsAtReturn = endsAtReturn;
    this.#usualBytes = Math.max(1, Math.min(chunkBytes, maxBytes));
    this.#block = Buffer.allocUnsafeSlow(this.#usualBytes);
    this.#position = source.start;
  }

  get value(): Buffer {
    return this.#block.subarray(0, this.#chunkBytes);
  }

  get offset(): number {
    return this.#position;
  }

  get endOffset(): number {
    return this.#position + this.#chunkBytes;
  }

  /** The next chunk. It is longer than `least`, in bytes, unless it is the last one or can be no longer. */
  next(least = 0): boolean | Promise<boolean> {
    this.#position += this.#chunkBytes;
    this.#block.copyWithin(0, this.#chunkBytes, this.#filled);
    this.#filled -= this.#chunkBytes;
    this.#chunkBytes = 0;
    const isOversized = this.#block.length > this.#usualBytes && this.#filled < this.#usualBytes;
    if (isOversized || this.#block.length === 0) this.#resize(this.#usualBytes);
    return this.#fill(least);
  }

  /** Leaves only the first `bytes` in the chunk, which end with a line or are none. The others come again in the next. */
  keep(bytes: number): void {
    this.#chunkBytes = bytes;
  }

  /** Gives the memory of the chunk back, which cannot be had any more. */
  forget(): void {
    if (this.#chunkBytes < this.#filled) return;
    this.#position += this.#filled;
    this.#block = Buffer.alloc(0);
    this.#filled = 0;
    this.#chunkBytes = 0;
  }

  close(): void | Promise<void> {
    return this.#source.close();
  }

  #fill(least: number): boolean | Promise<boolean> {
    for (;;) {
      if (this.#filled < this.#block.length) {
        const read = this.#source.read(this.#block, this.#filled);
        if (typeof read !== "number") return read.then((bytes) => this.#take(bytes, least) ?? this.#fill(least));
        const isThere = this.#take(read, least);
        if (isThere !== undefined) return isThere;
      } else {
        const isThere = this.#cut(least);
        if (isThere !== undefined) return isThere;
      }
    }
  }

  /** Takes what was read in; whether there is a chunk, or undefined when more is to be read to know that. */
  #take(bytes: number, least: number): boolean | undefined {
    this.#filled += bytes;
    if (bytes > 0) return this.#filled < this.#block.length ? undefined : this.#cut(least);
    this.isLast = true;
    if (this.#tooLong !== undefined) this.#throwTooLong(this.#firstLineBytes() ?? this.#filled);
    this.#chunkBytes = this.#filled;
    return this.#chunkBytes > 0;
  }

  /** The block is full. */
  #cut(least: number): boolean | undefined {
    if (this.#tooLong !== undefined) {
      const end = this.#firstLineBytes();
      if (end !== undefined) this.#throwTooLong(end);
      this.#position += this.#filled;
      this.#filled = 0;
      if (this.#block.length > this.#usualBytes) this.#resize(this.#usualBytes);
      return undefined;
    }
    const newlineEnd = this.#block.lastIndexOf(newline) + 1;
    const wholeLines = this.#endsAtReturn
      ? Math.max(newlineEnd, this.#block.lastIndexOf(carriageReturn) + 1)
      : newlineEnd;
    const isLongest = this.#block.length >= this.#maxBytes;
    if (wholeLines > least || (isLongest && wholeLines > 0)) {
      this.#chunkBytes = wholeLines;
      return true;
    }
    if (isLongest) this.#tooLong = this.#position;
    else this.#resize(Math.min(this.#block.length * 2, this.#maxBytes));
    return undefined;
  }

  /** Undefined when no line ends in the block. */
  #firstLineBytes(): number | undefined {
    const bytes = this.#block.subarray(0, this.#filled);
    const found = this.#endsAtReturn
      ? bytes.findIndex((byte) => byte === newline || byte === carriageReturn)
      : bytes.indexOf(newline);
    return found < 0 ? undefined : found + 1;
  }

  /** The first `bytes` of the block are the end of the line. */
  #throwTooLong(bytes: number): never {
    const [start, end] = [this.#tooLong ?? 0, this.#position + bytes];
    this.#tooLong = undefined;
    this.#chunkBytes = bytes;
    const most = prettyBytes(this.#maxBytes, { binary: true });
    throw new BadRecordError(start, end, `a line of ${prettyBytes(end - start, { binary: true })}, more than ${most}`);
  }

  #resize(bytes: number): void {
    const block = Buffer.allocUnsafeSlow(bytes);
    this.#block.copy(block, 0, 0, this.#filled);
    this.#block = block;
  }
}
