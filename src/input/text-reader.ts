import type { ByteSource } from "./byte-source.js";
import { ChunkReader, lineBytesMax } from "./chunk-reader.js";
import { decode } from "./decode.js";
import type { RecordReader } from "./record-reader.js";

/** How much of a compressed file, which is one split however long it is, is one text. */
const decompressedTextBytes = 16 * 2 ** 20;

/** The lines of a split as one string; as several, one after the other, when they are too long for that. */
export class TextReader implements RecordReader<string> {
  readonly #chunks: ChunkReader;
  value = "";
  offset = 0;
  endOffset = 0;

  constructor(source: ByteSource) {
    // With room for one byte more it is seen that there is none, and the last line need not end.
    const chunkBytes = source.length === undefined ? decompressedTextBytes : source.length + 1;
    this.#chunks = new ChunkReader(source, { chunkBytes, maxBytes: lineBytesMax });
  }

  next(): boolean | Promise<boolean> {
    this.value = "";
    const isThere = this.#chunks.next();
    return typeof isThere === "boolean" ? isThere && this.#take() : isThere.then((isThere) => isThere && this.#take());
  }

  close(): void | Promise<void> {
    return this.#chunks.close();
  }

  #take(): boolean {
    this.offset = this.#chunks.offset;
    this.endOffset = this.#chunks.endOffset;
    this.value = decode(this.#chunks.value);
    // Two copies of a split are one too many.
    this.#chunks.forget();
    return true;
  }
}
