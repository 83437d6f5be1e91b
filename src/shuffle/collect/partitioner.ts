import murmurhash from "murmurhash";
import { shownKey } from "../../app/given.js";
import { unpackKey } from "../key-words.js";

const keptBytesMax = 64;

/**
 * Makes the function that asks the app's own which reduce task a key belongs to, 0 … reducers − 1 (paper section 4.1). It
 * throws a RangeError when the app's function gives anything else.
 */
export function createPartitioner(
  reducers: number,
  appPartition: (key: string, reducers: number) => number,
): (key: string) => number {
  return (key) => checkedPartition(key, reducers, appPartition(key, reducers));
}

/**
 * Makes the function that gives the default partition of a key in words (`key-words.ts`): MurmurHash3_x86_32 with seed 0
 * of the key's bytes, modulo the number of reducers. The bytes are in arrays that are kept, one for each length, for keys
 * of usual lengths.
 */
export function createWordsPartitioner(
  reducers: number,
): (words: Int32Array, wordAt: number, keyBytes: number) => number {
  const arrays: Uint8Array[] = [];
  return (words, wordAt, keyBytes) => {
    const bytes = keyBytes > keptBytesMax ? new Uint8Array(keyBytes) : (arrays[keyBytes] ??= new Uint8Array(keyBytes));
    unpackKey(words, wordAt, keyBytes, bytes, 0);
    return murmurhash.v3(bytes, 0) % reducers;
  };
}

function checkedPartition(key: string, reducers: number, result: unknown): number {
  if (Number.isInteger(result) && (result as number) >= 0 && (result as number) < reducers) {
    // `-10 % 5` is -0 in JavaScript, which is the partition 0.
    return (result as number) + 0;
  }
  throw new RangeError(
    `partition: gave ${shownResult(result)} for key ${shownKey(key)}; it must give a whole number from 0 to ${reducers - 1}`,
  );
}

function shownResult(result: unknown): string {
  if (result instanceof Promise) return "a promise";
  if (typeof result === "string") return shownKey(result);
  return typeof result === "object" && result !== null ? "an object" : String(result);
}
