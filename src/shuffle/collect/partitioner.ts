import murmurhash from "murmurhash";
import { shownKey } from "../../app/given.js";
import { groupStart, keepGroup } from "../grouped-key.js";
import { compareKeyWords, encodeKey, packKey, unpackKey, wordsOf } from "../key-words.js";
import type { CollectorOptions } from "./collector.js";

/** Returns the partition of a key in words (`key-words.ts`). */
type WordsPartitioner = (words: Int32Array, wordAt: number, keyBytes: number) => number;

const keptBytesMax = 64;

/**
 * Makes the function that asks the app's own function for a key's reduce task, 0 … reducers − 1 (paper section 4.1). It
 * throws a RangeError when the app's function returns anything else.
 */
export function createPartitioner(
  reducers: number,
  appPartition: (key: string, reducers: number) => number,
): (key: string) => number {
  return (key) => checkedPartition(key, reducers, appPartition(key, reducers));
}

/** Makes the function that partitions keys when the app does not: by a hash, or by boundaries. */
export function createWordsPartitioner(
  reducers: number,
  { boundaries, isGrouped = false }: Pick<CollectorOptions, "boundaries" | "isGrouped"> = {},
): WordsPartitioner {
  if (boundaries === undefined) return isGrouped ? groupHashing(reducers) : hashing(reducers);
  if (boundaries.length >= reducers) throw new Error(`${boundaries.length} boundaries of ${reducers} partitions`);
  // A group's prefix comes before all keys of the group and after all keys of earlier groups.
  return searching(isGrouped ? boundaries.map(groupStart) : boundaries);
}

/**
 * MurmurHash3_x86_32 with seed 0 of the key's bytes, modulo the number of reducers. For keys of usual lengths it reuses
 * one byte array per length.
 */
function hashing(reducers: number): WordsPartitioner {
  const arrays: Uint8Array[] = [];
  return (words, wordAt, keyBytes) => {
    const bytes = keyBytes > keptBytesMax ? new Uint8Array(keyBytes) : (arrays[keyBytes] ??= new Uint8Array(keyBytes));
    unpackKey(words, wordAt, keyBytes, bytes, 0);
    return murmurhash.v3(bytes, 0) % reducers;
  };
}

/** Like `hashing`, for the group of a grouped key. */
function groupHashing(reducers: number): WordsPartitioner {
  return (words, wordAt, keyBytes) => {
    const bytes = new Uint8Array(keyBytes);
    unpackKey(words, wordAt, keyBytes, bytes, 0);
    return murmurhash.v3(bytes.subarray(0, keepGroup(bytes)), 0) % reducers;
  };
}

/** Counts the boundaries at or before the key, by a binary search over their words. */
function searching(boundaries: readonly string[]): WordsPartitioner {
  const encoded = boundaries.map((boundary) => {
    const bytes = new Uint8Array(3 * boundary.length);
    return bytes.subarray(0, encodeKey(boundary, bytes));
  });
  const packed = new Int32Array(encoded.reduce((sum, { length }) => sum + wordsOf(length), 0));
  const starts = new Int32Array(encoded.length);
  const lengths = Int32Array.from(encoded, ({ length }) => length);
  let end = 0;
  for (const [index, bytes] of encoded.entries()) {
    starts[index] = end;
    packKey(bytes, bytes.length, packed, end);
    end += wordsOf(bytes.length);
  }
  return (words, wordAt, keyBytes) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compareKeyWords(packed, starts[middle] ?? 0, lengths[middle] ?? 0, words, wordAt, keyBytes);
      if (order <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

function checkedPartition(key: string, reducers: number, result: unknown): number {
  if (Number.isInteger(result) && (result as number) >= 0 && (result as number) < reducers) {
    // `-10 % 5` is -0 in JavaScript, which means partition 0.
    return (result as number) + 0;
  }
  throw new RangeError(
    `partition: returned ${shownResult(result)} for key ${shownKey(key)}; it must return a whole number from 0 to ${reducers - 1}`,
  );
}

function shownResult(result: unknown): string {
  if (result instanceof Promise) return "a promise";
  if (typeof result === "string") return shownKey(result);
  return typeof result === "object" && result !== null ? "an object" : String(result);
}
