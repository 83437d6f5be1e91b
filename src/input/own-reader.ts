import { Readable } from "node:stream";
import type { ReadContext, ReadRecords } from "../app/contract.js";
import type { Split } from "../rpc/protocol.js";
import { piecesOf, type Warn } from "./file-pieces.js";
import type { RecordReader } from "./record-reader.js";

/**
 * What the app's own `readRecords` yields for a file. Only the app knows where that was in the file, so records have a
 * number in place of an offset: the first one is 0.
 */
export class OwnReader implements RecordReader<unknown> {
  readonly #stream: Readable;
  readonly #records: AsyncIterator<unknown>;
  value: unknown;
  offset = -1;
  endOffset = 0;
  bytesRead = 0;

  constructor(split: Split, readRecords: ReadRecords, context: ReadContext, warn: Warn) {
    this.#stream = Readable.from(this.#counted(split, warn), { objectMode: false });
    const records: unknown = readRecords(this.#stream, context);
    if (typeof records !== "object" || records === null || !(Symbol.asyncIterator in records)) {
      this.#stream.destroy();
      throw new TypeError("readRecords must return an async iterable, as an `async function*` does");
    }
    this.#records = (records as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  }

  async next(): Promise<boolean> {
    const result = await this.#records.next();
    if (result.done === true) return false;
    this.value = result.value;
    this.offset += 1;
    this.endOffset = this.offset + 1;
    return true;
  }

  async close(): Promise<void> {
    try {
      await this.#records.return?.();
    } finally {
      this.#stream.destroy();
    }
  }

  async *#counted(split: Split, warn: Warn): AsyncGenerator<Uint8Array> {
    for await (const piece of piecesOf(split, warn)) {
      this.bytesRead += piece.length;
      yield piece;
    }
  }
}
