import type { RecordPlace } from "../model/split.js";
import type { Bzip2Offsets } from "./bzip2-offsets.js";
import { OffsetReader } from "./reader-over.js";
import type { RecordReader } from "./record-reader.js";

/** The records of another reader, with offsets in their bzip2 file. The end of a record is its offset and its length. */
export class Bzip2OffsetReader<Value> extends OffsetReader<Value> {
  readonly #offsets: Bzip2Offsets;

  constructor(reader: RecordReader<Value>, offsets: Bzip2Offsets) {
    super(reader);
    this.#offsets = offsets;
  }

  override get offset(): number {
    return this.#offsets.toFile(this.reader.offset);
  }

  override get endOffset(): number {
    return this.placeOf(this.reader).endOffset;
  }

  override get bytesRead(): number {
    return this.reader.bytesRead ?? Math.max(0, this.reader.endOffset - this.#offsets.first);
  }

  protected override placeOf({ offset, endOffset }: RecordPlace): RecordPlace {
    const inFile = this.#offsets.toFile(offset);
    return { offset: inFile, endOffset: inFile + endOffset - offset };
  }
}
