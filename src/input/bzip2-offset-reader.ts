import { BadRecordError } from "./bad-record-error.js";
import type { Bzip2Offsets } from "./bzip2-offsets.js";
import { ReaderOver } from "./reader-over.js";
import type { RecordReader } from "./record-reader.js";

/** The records of another reader, with offsets in their bzip2 file. The end of a record is its offset and its length. */
export class Bzip2OffsetReader<Value> extends ReaderOver<Value> {
  readonly #offsets: Bzip2Offsets;

  constructor(reader: RecordReader<Value>, offsets: Bzip2Offsets) {
    super(reader);
    this.#offsets = offsets;
  }

  override get offset(): number {
    return this.#offsets.toFile(this.reader.offset);
  }

  override get endOffset(): number {
    return this.offset + this.reader.endOffset - this.reader.offset;
  }

  override get bytesRead(): number {
    return this.reader.bytesRead ?? Math.max(0, this.reader.endOffset - this.#offsets.first);
  }

  override next(): boolean | Promise<boolean> {
    try {
      const isThere = this.reader.next();
      return typeof isThere === "boolean" ? isThere : isThere.catch((error: unknown) => this.#rethrow(error));
    } catch (error) {
      return this.#rethrow(error);
    }
  }

  #rethrow(error: unknown): never {
    if (!(error instanceof BadRecordError)) throw error;
    const offset = this.#offsets.toFile(error.offset);
    throw new BadRecordError(offset, offset + error.endOffset - error.offset, error.message, { cause: error.cause });
  }
}
