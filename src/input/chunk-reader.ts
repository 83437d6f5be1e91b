import prettyBytes from "pretty-bytes";
import { BadRecordError } from "./bad-record-error.js";
import type { ByteSource } from "./byte-source.js";
import type { RecordReader } from "./record-reader.js";

const [newline, carriageReturn] = [0x0a, 0x0d];

/**
 * How much is read at a time, and so the usual length of a chunk: it stays in the processor's cache until it has been
 * processed.
 */
const usualBytes = 256 * 1024;

/**
 * A longer line is a bad record. This is half of what a string can hold, and small enough to be in memory two or three
 * times.
 */
export const lineBytesMax = 256 * 2 ** 20;

interface ChunkOptions {
  /** The usual length of a chunk. */
  readonly chunkBytes?: number | undefined;
  /** A longer line is a bad record, and no chunk is longer. */
  readonly maxBytes?: number;
  /** Whether a lone carriage return also ends a line. */
  readonly endsAtReturn?: boolean;
}

/**
 * Reads the lines of a source as chunks of whole lines. A chunk with a very long line is longer than usual. A chunk is
 * only lent: the next one overwrites it. A line that is too long is skipped without being held in memory.
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
  /** The offset of the block in the file. */
  #position: number;
  /** The offset of a line that is too long; undefined otherwise. */
  #tooLong: number | undefined;
  /** Whether the chunk reaches the end of the source. */
  isLast = false;

  constructor(
    source: ByteSource,
    { chunkBytes = usualBytes, maxBytes = lineBytesMax, endsAtReturn = false }: ChunkOptions = {},
  ) {
    this.#source = source;
    this.#maxBytes = maxBytes;
    this.#endsAtReturn = endsAtReturn;
    this.#usualBytes = Math.max(1, Math.min(chunkBytes, maxBytes));
    // A short file needs no more than its length, and a byte to find its end.
    const { length = Infinity } = source;
    this.#block = Buffer.allocUnsafeSlow(Math.min(this.#usualBytes, length + 1));
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

  /** Reads the next chunk. It is longer than `least` bytes, unless it is the last one or at the maximum length. */
  next(least = 0): boolean | Promise<boolean> {
    this.#position += this.#chunkBytes;
    this.#block.copyWithin(0, this.#chunkBytes, this.#filled);
    this.#filled -= this.#chunkBytes;
    this.#chunkBytes = 0;
    const isOversized = this.#block.length > this.#usualBytes && this.#filled < this.#usualBytes;
    if (isOversized || this.#block.length === 0) this.#resize(this.#usualBytes);
    return this.#fill(least);
  }

  /**
   * Truncates the chunk to its first `bytes`, which must end with a line or be 0. The rest comes again in the next
   * chunk.
   */
  keep(bytes: number): void {
    this.#chunkBytes = bytes;
  }

  /** Frees the memory of the chunk, which is then no longer available. */
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

  /**
   * Processes the bytes that were read. Returns whether there is a chunk; undefined when more bytes are needed to tell.
   */
  #take(bytes: number, least: number): boolean | undefined {
    this.#filled += bytes;
    if (bytes > 0) return this.#filled < this.#block.length ? undefined : this.#cut(least);
    this.isLast = true;
    if (this.#tooLong !== undefined) this.#throwTooLong(this.#firstLineBytes() ?? this.#filled);
    this.#chunkBytes = this.#filled;
    return this.#chunkBytes > 0;
  }

  /** Cuts a chunk from a full block. */
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
    // A return at the end of the block may be half of a line end.
    const wholeLines = this.#endsAtReturn
      ? Math.max(newlineEnd, this.#block.subarray(0, -1).lastIndexOf(carriageReturn) + 1)
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

  /** The length of the first line; undefined when no line ends in the block. */
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
