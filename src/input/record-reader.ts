/**
 * Reads the records of a split one after the other: `next`, then `value` and where it was. Not an iterator, which makes
 * an object for each: a job has one record for each line.
 */
export interface RecordReader<Value> {
  /**
   * Goes on to the next record; false when there is none. A promise of that when something has to be waited for, which is
   * to be settled before anything else is asked; not for each record, where there are many.
   *
   * Throws a BadRecordError for a record that cannot be given to anybody; called again, it goes on to the one after that.
   * Throws also what reading the file throws.
   */
  next(): boolean | Promise<boolean>;
  /** The record. Bytes are lent until the next call of `next`. */
  readonly value: Value;
  /** Where the record begins in the file, as it is when decompressed, in bytes. */
  readonly offset: number;
  /** Where it ends, its line ending included. */
  readonly endOffset: number;
  /** How many bytes of the file were read, when the places of the records do not tell that. */
  readonly bytesRead?: number | undefined;
  /** Closes the file. To be called once, in any state. */
  close(): void | Promise<void>;
}
