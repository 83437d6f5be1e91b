import { keyBytes } from "./key-oracle.js";

/** A key as words, computed in the simplest way. */
export function packed(key: string): { words: Int32Array; keyBytes: number } {
  const bytes = keyBytes(key);
  const padded = Buffer.concat([bytes, Buffer.alloc(4)]);
  const words = Int32Array.from({ length: (bytes.length + 3) >> 2 }, (_, index) => padded.readInt32BE(index * 4));
  return { words, keyBytes: bytes.length };
}
