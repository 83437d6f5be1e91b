import type { RecordPlace } from "../model/split.js";
import { BadRecordError } from "./bad-record-error.js";
import { ReaderOver } from "./reader-over.js";
import type { RecordReader } from "./record-reader.js";

/**
 * The records of another reader except those at given offsets; notes the places of the skipped records. It is used only
 * when there are records to skip, so that other jobs do not pay for the check.
 */
export class SkippingReader<Value> extends ReaderOver<Value> {
  readonly #isSkipped: (offset: number) => boolean;
  readonly #onSkipped: (place: RecordPlace) => void;

  constructor(
    reader: RecordReader<Value>,
    isSkipped: (offset: number) => boolean,
    onSkipped: (place: RecordPlace) => void,
  ) {
    super(reader);
    this.#isSkipped = isSkipped;
    this.#onSkipped = onSkipped;
  }

  override next(): boolean | Promise<boolean> {
    for (;;) {
      try {
        const isThere = this.reader.next();
        if (typeof isThere !== "boolean") return this.#whenThere(isThere);
        if (!isThere || !this.#leavesOut(this.reader)) return isThere;
      } catch (error) {
        if (!(error instanceof BadRecordError && this.#leavesOut(error))) throw error;
      }
    }
  }

  async #whenThere(pending: Promise<boolean>): Promise<boolean> {
    try {
      const isThere = await pending;
      if (!isThere || !this.#leavesOut(this.reader)) return isThere;
    } catch (error) {
      if (!(error instanceof BadRecordError && this.#leavesOut(error))) throw error;
    }
    return this.next();
  }

  #leavesOut({ offset, endOffset }: RecordPlace): boolean {
    if (!this.#isSkipped(offset)) return false;
    this.#onSkipped({ offset, endOffset });
    return true;
  }
}
