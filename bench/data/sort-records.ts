import { Random } from "../../scripts/corpus/random.js";
import { writeParts, type DataSet } from "./data-set.js";
import { parts, writeDigits } from "./line-blocks.js";

const [keyBytes, recordBytes, files] = [10, 100, 8] as const;

/**
 * Records of 100 bytes for the sort benchmark, as `gensort -a` makes them: a random key of 10 printable bytes without
 * space, a space, the record's number, filler, a newline.
 */
export function sortRecords(records: number, seed = 1): DataSet {
  return {
    name: `sort-records-${records}-${seed}`,
    about: `${records} records of ${recordBytes} bytes with random ${keyBytes}-byte keys, in ${files} files`,
    make: (directory, signal) => writeParts(directory, "records", recordParts(records, seed), signal),
  };
}

/** The records, in blocks, in files. */
export function recordParts(records: number, seed: number): Generator<Generator<Uint8Array>> {
  const random = new Random(seed, 0);
  return parts(records, files, recordBytes, (index, block, at) => {
    for (let i = 0; i < keyBytes; i++) block[at + i] = 33 + (random.next() % 94);
    block[at + keyBytes] = 32;
    const filler = writeDigits(index, 12, block, at + keyBytes + 1);
    const newline = at + recordBytes - 1;
    block.fill(65 + (index % 26), filler, newline);
    block[newline] = 10;
    return newline + 1;
  });
}
