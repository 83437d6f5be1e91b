import { BadRecordError } from "./bad-record-error.js";
import { ReaderOver } from "./reader-over.js";
import type { RecordReader } from "./record-reader.js";

/**
 * The records of another reader, with the offset of the first record moved back to the byte order mark before it: apps
 * recognise the beginning of a file by offset 0.
 */
export class FirstOffsetReader<Value> extends ReaderOver<Value> {
  readonly #start: number;
  readonly #firstOffset: number;

  constructor(reader: RecordReader<Value>, start: number, firstOffset: number) {
    super(reader);
    this.#start = start;
    this.#firstOffset = firstOffset;
  }

  override get offset(): number {
    return this.#said(this.reader.offset);
  }

  override next(): boolean | Promise<boolean> {
    try {
      const isThere = this.reader.next();
      return typeof isThere === "boolean" ? isThere : isThere.catch((error: unknown) => this.#rethrow(error));
    } catch (error) {
      return this.#rethrow(error);
    }
  }

  #said(offset: number): number {
    return offset === this.#start ? this.#firstOffset : offset;
  }

  #rethrow(error: unknown): never {
    if (!(error instanceof BadRecordError) || error.offset !== this.#start) throw error;
    throw new BadRecordError(this.#firstOffset, error.endOffset, error.message, { cause: error.cause });
  }
}
