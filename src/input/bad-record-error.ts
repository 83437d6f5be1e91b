/**
 * A record that cannot be given to the app: it is malformed, or too long. Its reader can be asked to go on to the next one
 * all the same. For the job it is as if the app had thrown an error at this record.
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
    // Where in the engine that was found says nothing about the record.
    delete this.stack;
  }
}
