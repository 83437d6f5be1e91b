import type { RecordPlace } from "../model/split.js";
import { OffsetReader } from "./reader-over.js";
import type { RecordReader } from "./record-reader.js";

/**
 * The records of another reader, with the offset of the first record moved back to the byte order mark before it: apps
 * recognise the beginning of a file by offset 0.
 */
export class FirstOffsetReader<Value> extends OffsetReader<Value> {
  readonly #start: number;
  readonly #firstOffset: number;

  constructor(reader: RecordReader<Value>, start: number, firstOffset: number) {
    super(reader);
    this.#start = start;
    this.#firstOffset = firstOffset;
  }

  override get offset(): number {
    return this.placeOf(this.reader).offset;
  }

  protected override placeOf({ offset, endOffset }: RecordPlace): RecordPlace {
    return { offset: offset === this.#start ? this.#firstOffset : offset, endOffset };
  }
}
