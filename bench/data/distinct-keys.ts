import { writeParts, type DataSet } from "./data-set.js";
import { parts, writeDigits } from "./line-blocks.js";

const files = 8;
const prefix = new TextEncoder().encode("user-");
const lineBytes = prefix.length + 10 + 1;

/** Distinct lines `user-0123456789` in no order. At most 2 ** 32. */
export function distinctKeys(keys: number): DataSet {
  return {
    name: `distinct-keys-${keys}`,
    about: `${keys} lines of ${lineBytes} bytes, all distinct, in ${files} files`,
    make: (directory, signal) => writeParts(directory, "keys", keyParts(keys), signal),
  };
}

/** The lines, in blocks, in files. */
export function keyParts(keys: number): Generator<Generator<Uint8Array>> {
  return parts(keys, files, lineBytes, (index, block, at) => {
    block.set(prefix, at);
    const end = writeDigits(shuffled(index), 10, block, at + prefix.length);
    block[end] = 10;
    return end + 1;
  });
}

/** Each step can be undone, so different numbers stay different: the finalizer of MurmurHash3, which mixes all bits. */
function shuffled(index: number): number {
  let h = index;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
