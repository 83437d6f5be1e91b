import type { ByteSource } from "./byte-source.js";
import { ChunkReader, lineBytesMax } from "./chunk-reader.js";
import { decode } from "./decode.js";
import type { RecordReader } from "./record-reader.js";

/** The amount of a compressed file that forms one text. A compressed file of any length is a single split. */
const decompressedTextBytes = 16 * 2 ** 20;

/** The lines of a split as one string, or as several in turn when they are too long for one. */
export class TextReader implements RecordReader<string> {
  readonly #chunks: ChunkReader;
  value = "";
  offset = 0;
  endOffset = 0;

  constructor(source: ByteSource) {
    // The extra byte reveals the end of the source, and the last line need not end.
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
    // Two copies of a split would be one too many.
    this.#chunks.forget();
    return true;
  }
}
