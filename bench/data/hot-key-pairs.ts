import { Random } from "../../scripts/corpus/random.js";
import { writeParts, type DataSet } from "./data-set.js";
import { parts, writeDigits } from "./line-blocks.js";

const files = 8;
const coldKeys = 100_000;
const hot = new TextEncoder().encode("hot ");
const cold = new TextEncoder().encode("cold-");
const lineBytesMax = cold.length + 6 + 1 + 6 + 1;

/**
 * Lines `key number`: in four of five lines the key is `hot`, in the rest one of 100,000 keys. The numbers are random.
 */
export function hotKeyPairs(pairs: number, seed = 1): DataSet {
  return {
    name: `hot-key-${pairs}-${seed}`,
    about: `${pairs} pairs, four of five with the same key, in ${files} files`,
    make: (directory, signal) => writeParts(directory, "pairs", pairParts(pairs, seed), signal),
  };
}

/** The lines, in blocks, in files. */
export function pairParts(pairs: number, seed: number): Generator<Generator<Uint8Array>> {
  const random = new Random(seed, 0);
  return parts(pairs, files, lineBytesMax, (_index, block, start) => {
    let at = start;
    if (random.next() % 5 !== 0) {
      block.set(hot, at);
      at += hot.length;
    } else {
      block.set(cold, at);
      at = writeDigits(random.next() % coldKeys, 6, block, at + cold.length);
      block[at++] = 32;
    }
    at = writeDigits(random.next() % 1_000_000, 6, block, at);
    block[at] = 10;
    return at + 1;
  });
}
