/**
 * A malformed or too long record, which the app cannot receive. Its reader can still continue with the next record. The
 * job treats it as if the app had thrown an error at this record.
 */
export class BadRecordError extends Error {
  override readonly name = "BadRecordError";
  /** Where the record begins and ends in the file, in bytes. */
  readonly offset: number;
  readonly endOffset: number;

  /** `why` completes the sentence "the record that begins there … ". */
  constructor(offset: number, endOffset: number, why: string, options?: ErrorOptions) {
    super(why, options);
    this.offset = offset;
    this.endOffset = endOffset;
    // The place in the engine that detected it says nothing about the record.
    delete this.stack;
  }
}
