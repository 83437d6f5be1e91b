import { Readable } from "node:stream";
import type { ReadContext, ReadRecords } from "../app/contract.js";
import type { Split } from "../model/split.js";
import { ChangedInputError } from "./changed-input-error.js";
import { bytePiecesOf } from "./file-pieces.js";
import type { Warn } from "./input-handle.js";
import type { RecordReader } from "./record-reader.js";

/**
 * The records that the app's own `readRecords` yields for a file. Only the app knows their places in the file, so
 * records have a number, from 0, instead of an offset.
 */
export class OwnReader implements RecordReader<unknown> {
  readonly #stream: Readable;
  readonly #records: AsyncIterator<unknown>;
  #changed: ChangedInputError | undefined;
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
      await this.#closeStream();
    }
    // The app's reader may have handled the error of its stream, and cannot see it if it did not read to the end.
    if (this.#changed !== undefined) throw this.#changed;
  }

  async #closeStream(): Promise<void> {
    if (this.#stream.closed) return;
    await new Promise<void>((closed) => {
      this.#stream
        .on("error", () => undefined)
        .once("close", closed)
        .destroy();
    });
  }

  async *#counted(split: Split, warn: Warn): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of bytePiecesOf(split, warn)) {
        this.bytesRead += piece.length;
        yield piece;
      }
    } catch (error) {
      if (error instanceof ChangedInputError) this.#changed = error;
      throw error;
    }
  }
}
