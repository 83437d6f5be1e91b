/**
 * Reads the records of a split one after another: `next`, then `value` and its place. Not an iterator, which would
 * create an object per record: a job has one record for each line.
 */
export interface RecordReader<Value> {
  /**
   * Advances to the next record; false at the end. Returns a promise only when it must wait, which is rare when
   * records are many. Callers must await it before any other call.
   *
   * Throws a BadRecordError for a record that cannot be used; the next call advances past it. Also throws the errors of
   * reading the file.
   */
  next(): boolean | Promise<boolean>;
  /** The record. Bytes are lent until the next call of `next`. */
  readonly value: Value;
  /**
   * Returns the record once more, as `value` was before the app received it, which may have changed it. Only readers that
   * make objects have it.
   */
  again?(): Value | undefined;
  /** The byte offset of the record in the decompressed file. */
  readonly offset: number;
  /** The end of the record, including its line ending. */
  readonly endOffset: number;
  /** How many bytes of the file were read, when the places of the records do not show it. */
  readonly bytesRead?: number | undefined;
  /** Closes the file. Call it once, in any state. */
  close(): void | Promise<void>;
}
