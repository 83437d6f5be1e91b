import type { RecordPlace } from "../model/split.js";
import { BadRecordError } from "./bad-record-error.js";
import type { RecordReader } from "./record-reader.js";

/** The records of another reader; `next` may skip some. */
export abstract class ReaderOver<Value> implements RecordReader<Value> {
  protected readonly reader: RecordReader<Value>;

  constructor(reader: RecordReader<Value>) {
    this.reader = reader;
  }

  get value(): Value {
    return this.reader.value;
  }

  get offset(): number {
    return this.reader.offset;
  }

  get endOffset(): number {
    return this.reader.endOffset;
  }

  get bytesRead(): number | undefined {
    return this.reader.bytesRead;
  }

  again(): Value | undefined {
    return this.reader.again?.();
  }

  abstract next(): boolean | Promise<boolean>;

  close(): void | Promise<void> {
    return this.reader.close();
  }
}

/** The records of another reader, whose offsets are others for this one, also in the errors of bad records. */
export abstract class OffsetReader<Value> extends ReaderOver<Value> {
  override next(): boolean | Promise<boolean> {
    try {
      const isThere = this.reader.next();
      return typeof isThere === "boolean" ? isThere : isThere.catch((error: unknown) => this.#rethrow(error));
    } catch (error) {
      return this.#rethrow(error);
    }
  }

  /** The place of a record that the other reader found there. */
  protected abstract placeOf(record: RecordPlace): RecordPlace;

  #rethrow(error: unknown): never {
    if (!(error instanceof BadRecordError)) throw error;
    const { offset, endOffset } = this.placeOf(error);
    throw new BadRecordError(offset, endOffset, error.message, { cause: error.cause });
  }
}
