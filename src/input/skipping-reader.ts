import type { RecordPlace } from "../rpc/protocol.js";
import type { RecordReader } from "./record-reader.js";

/**
 * The records of another reader but for some, by where they begin; notes where these are. It is put in between only when
 * there is something to leave out: others need not look at each record for it.
 */
export class SkippingReader<Value extends string | Uint8Array> implements RecordReader<Value> {
  readonly #reader: RecordReader<Value>;
  readonly #skip: ReadonlySet<number>;
  readonly #skipped: RecordPlace[];

  constructor(reader: RecordReader<Value>, skip: ReadonlySet<number>, skipped: RecordPlace[]) {
    this.#reader = reader;
    this.#skip = skip;
    this.#skipped = skipped;
  }

  get value(): Value {
    return this.#reader.value;
  }

  get offset(): number {
    return this.#reader.offset;
  }

  get endOffset(): number {
    return this.#reader.endOffset;
  }

  next(): boolean {
    while (this.#reader.next()) {
      const { offset, endOffset } = this.#reader;
      if (!this.#skip.has(offset)) return true;
      this.#skipped.push({ offset, endOffset });
    }
    return false;
  }

  close(): void {
    this.#reader.close();
  }
}
