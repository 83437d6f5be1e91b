/**
 * Reads the records of a split one after the other: `next`, then `value` and where it was. Not an iterator, which makes
 * an object for each: a job has one record for each line.
 */
export interface RecordReader<Value extends string | Uint8Array> {
  /** Goes on to the next record; false when there is none. Throws what reading the file throws. */
  next(): boolean;
  /** The record. Bytes are lent until the next call of `next`. */
  readonly value: Value;
  /** Where the record begins in the file, in bytes. */
  readonly offset: number;
  /** Where it ends, its line ending included. */
  readonly endOffset: number;
  /** Closes the file. To be called once, in any state. */
  close(): void;
}
