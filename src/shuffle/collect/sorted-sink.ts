/**
 * Takes pairs in the order of (partition, key), the values of a key one after the other: `beginKey` → `value` … →
 * `endKey`, repeatedly, then `finish`. Arguments are only lent for the call.
 */
export interface SortedSink {
  /** The key is in `words` from `wordAt` on (see `key-words.ts`), and stays there until `endKey`. */
  beginKey(partition: number, words: Int32Array, wordAt: number, keyBytes: number): void;
  /** A JSON text as UTF-8 bytes, and how often it occurs in a row, at least once. */
  value(bytes: Uint8Array, start: number, end: number, count: number): void;
  endKey(): void;
}
