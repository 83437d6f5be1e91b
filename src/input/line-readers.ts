import { isAscii } from "node:buffer";
import type { ByteSource } from "./byte-source.js";
import { ChunkReader } from "./chunk-reader.js";
import { decode } from "./decode.js";
import type { RecordReader } from "./record-reader.js";

const newline = 0x0a;
const carriageReturn = 0x0d;

/** Lines as strings without their endings. A chunk is decoded as a whole, and cut as a string. */
export class LineReader implements RecordReader<string> {
  readonly #chunks: ChunkReader;
  #bytes: Buffer = Buffer.alloc(0);
  #text = "";
  /** Where the next line begins in the text. */
  #at = 0;
  #isAscii = true;
  value = "";
  offset = 0;
  endOffset = 0;

  constructor(source: ByteSource) {
    this.#chunks = new ChunkReader(source);
  }

  next(): boolean | Promise<boolean> {
    if (this.#at === this.#text.length) {
      const isThere = this.#chunks.next();
      if (typeof isThere !== "boolean") return isThere.then((isThere) => isThere && this.#beginChunk());
      return isThere && this.#beginChunk();
    }
    return this.#cut();
  }

  /** All bytes of the line, including its ending; lent until the next call of `next`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(this.offset - this.#chunks.offset, this.endOffset - this.#chunks.offset);
  }

  /** The following lines, as far as they are already in memory. */
  ahead(): string[] {
    return this.#text.slice(this.#at).split("\n");
  }

  /** All bytes of the chunk that contains the line; lent until `next` moves to another chunk. */
  get chunk(): Buffer {
    return this.#bytes;
  }

  /** The offset of the chunk in the file. */
  get chunkOffset(): number {
    return this.#chunks.offset;
  }

  close(): void | Promise<void> {
    return this.#chunks.close();
  }

  #beginChunk(): boolean {
    const { value, offset } = this.#chunks;
    this.#bytes = value;
    this.#isAscii = isAscii(value);
    this.#text = decode(value);
    this.#at = 0;
    this.endOffset = offset;
    return this.#cut();
  }

  #cut(): boolean {
    const text = this.#text;
    const start = this.#at;
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    this.#at = found < 0 ? end : end + 1;
    this.offset = this.endOffset;
    // In ASCII, one unit is one byte. Otherwise line ends are also located in the bytes: decoding preserves them.
    this.endOffset = this.#isAscii ? this.#chunks.offset + this.#at : this.#endOfBytes();
    const isCrLf = end > start && text.charCodeAt(end - 1) === carriageReturn && found >= 0;
    this.value = text.slice(start, isCrLf ? end - 1 : end);
    return true;
  }

  #endOfBytes(): number {
    const { offset } = this.#chunks;
    const found = this.#bytes.indexOf(newline, this.endOffset - offset);
    return offset + (found < 0 ? this.#bytes.length : found + 1);
  }
}

/** Lines as bytes without their endings. */
export class LineBytesReader implements RecordReader<Uint8Array> {
  readonly #chunks: ChunkReader;
  #chunk: Uint8Array = new Uint8Array(0);
  /** Where the next line begins in the chunk. */
  #at = 0;
  value: Uint8Array = this.#chunk;
  offset = 0;
  endOffset = 0;

  constructor(source: ByteSource) {
    this.#chunks = new ChunkReader(source);
  }

  next(): boolean | Promise<boolean> {
    if (this.#at === this.#chunk.length) {
      const isThere = this.#chunks.next();
      if (typeof isThere !== "boolean") return isThere.then((isThere) => isThere && this.#beginChunk());
      return isThere && this.#beginChunk();
    }
    return this.#cut();
  }

  close(): void | Promise<void> {
    return this.#chunks.close();
  }

  #beginChunk(): boolean {
    this.#chunk = this.#chunks.value;
    this.#at = 0;
    return this.#cut();
  }

  #cut(): boolean {
    const start = this.#at;
    const found = this.#chunk.indexOf(newline, start);
    const end = found < 0 ? this.#chunk.length : found;
    this.#at = found < 0 ? end : end + 1;
    this.offset = this.#chunks.offset + start;
    this.endOffset = this.#chunks.offset + this.#at;
    const isCrLf = found > start && this.#chunk[end - 1] === carriageReturn;
    this.value = this.#chunk.subarray(start, isCrLf ? end - 1 : end);
    return true;
  }
}
