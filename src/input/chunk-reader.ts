import { closeSync, openSync, readSync } from "node:fs";
import type { Split } from "../rpc/protocol.js";
import { linesOfSplit } from "./line-start.js";
import type { RecordReader } from "./record-reader.js";

const newline = 0x0a;

/**
 * How much is read at a time, and so the usual length of a chunk: it stays in the processor's cache from the read to the
 * last look at it.
 */
const blockBytes = 256 * 1024;

/**
 * The lines that begin in a split, as chunks of whole lines. A chunk is longer than usual when a line is, and is lent:
 * the next one overwrites it. The file may have grown since the splits were planned, or shrunk: what is there counts.
 */
export class ChunkReader implements RecordReader<Uint8Array> {
  readonly #descriptor: number;
  readonly #end: number;
  #block = Buffer.allocUnsafeSlow(blockBytes);
  /** How much of the block is filled: the chunk, and after it the beginning of the next one. */
  #filled = 0;
  #chunkBytes = 0;
  /** Where in the file the block begins. */
  #position: number;

  constructor(split: Split) {
    this.#descriptor = openSync(split.path, "r");
    try {
      const { start, end } = linesOfSplit(this.#descriptor, split);
      this.#position = start;
      this.#end = end;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get value(): Uint8Array {
    return this.#block.subarray(0, this.#chunkBytes);
  }

  get offset(): number {
    return this.#position;
  }

  get endOffset(): number {
    return this.#position + this.#chunkBytes;
  }

  next(): boolean {
    this.#position += this.#chunkBytes;
    this.#block.copyWithin(0, this.#chunkBytes, this.#filled);
    this.#filled -= this.#chunkBytes;
    if (this.#block.length > blockBytes && this.#filled < blockBytes) this.#resize(blockBytes);
    for (;;) {
      const isAtEnd = !this.#read();
      const unseen = this.#block.subarray(0, this.#filled);
      this.#chunkBytes = isAtEnd ? this.#filled : unseen.lastIndexOf(newline) + 1;
      if (this.#chunkBytes > 0 || isAtEnd) return this.#chunkBytes > 0;
      this.#resize(this.#block.length * 2);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Fills the block; false when the last byte of the split is in it. */
  #read(): boolean {
    for (;;) {
      const at = this.#position + this.#filled;
      const wanted = Math.min(this.#block.length - this.#filled, this.#end - at);
      if (at >= this.#end) return false;
      if (wanted === 0) return true;
      const bytes = readSync(this.#descriptor, this.#block, this.#filled, wanted, at);
      if (bytes === 0) return false;
      this.#filled += bytes;
    }
  }

  #resize(bytes: number): void {
    const block = Buffer.allocUnsafeSlow(bytes);
    this.#block.copy(block, 0, 0, this.#filled);
    this.#block = block;
  }
}
