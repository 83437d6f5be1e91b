import { isAscii } from "node:buffer";
import type { Split } from "../rpc/protocol.js";
import { ChunkReader } from "./chunk-reader.js";
import { decode } from "./decode.js";
import type { RecordReader } from "./record-reader.js";

const newline = 0x0a;
const carriageReturn = 0x0d;

/** The lines that begin in a split, as strings without their ending. A chunk is decoded whole, and cut as a string. */
export class LineReader implements RecordReader<string> {
  readonly #split: Split;
  readonly #chunks: ChunkReader;
  #bytes: Buffer = Buffer.alloc(0);
  #text = "";
  /** Where in the text the next line begins. */
  #at = 0;
  #isAscii = true;
  value = "";
  offset = 0;
  endOffset = 0;

  constructor(split: Split) {
    this.#split = split;
    this.#chunks = new ChunkReader(split);
  }

  next(): boolean {
    if (this.#at === this.#text.length && !this.#nextChunk()) return false;
    const text = this.#text;
    const start = this.#at;
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    this.#at = found < 0 ? end : end + 1;
    this.offset = this.endOffset;
    // One unit of ASCII is one byte. Otherwise the line ends are looked for in the bytes as well: decoding keeps each.
    this.endOffset = this.#isAscii ? this.#chunks.offset + this.#at : this.#endOfBytes();
    const isCrLf = end > start && text.charCodeAt(end - 1) === carriageReturn && found >= 0;
    this.value = text.slice(start, isCrLf ? end - 1 : end);
    return true;
  }

  close(): void {
    this.#chunks.close();
  }

  #nextChunk(): boolean {
    if (!this.#chunks.next()) return false;
    const { value, offset } = this.#chunks;
    this.#bytes = value as Buffer;
    this.#isAscii = isAscii(value);
    this.#text = decode(this.#bytes, this.#split, offset, "let the app use mapBytes");
    this.#at = 0;
    this.endOffset = offset;
    return true;
  }

  #endOfBytes(): number {
    const { offset } = this.#chunks;
    const found = this.#bytes.indexOf(newline, this.endOffset - offset);
    return offset + (found < 0 ? this.#bytes.length : found + 1);
  }
}

/** The lines that begin in a split, as bytes without their ending. */
export class LineBytesReader implements RecordReader<Uint8Array> {
  readonly #chunks: ChunkReader;
  #chunk: Uint8Array = new Uint8Array(0);
  /** Where in the chunk the next line begins. */
  #at = 0;
  value: Uint8Array = this.#chunk;
  offset = 0;
  endOffset = 0;

  constructor(split: Split) {
    this.#chunks = new ChunkReader(split);
  }

  next(): boolean {
    if (this.#at === this.#chunk.length) {
      if (!this.#chunks.next()) return false;
      this.#chunk = this.#chunks.value;
      this.#at = 0;
    }
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

  close(): void {
    this.#chunks.close();
  }
}
