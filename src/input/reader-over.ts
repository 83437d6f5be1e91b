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
