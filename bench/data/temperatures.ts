import { Random } from "../../scripts/corpus/random.js";
import { writeParts, type DataSet } from "./data-set.js";
import { parts, writeDigits } from "./line-blocks.js";

const stations = 413;
const name = new TextEncoder().encode("Station-");
const lineBytesMax = name.length + 3 + 1 + 6 + 1;
const [newline, hyphen, point, zero, semicolon] = [10, 45, 46, 48, 59];

/** The lines of the billion-row challenge, `Station-123;-4.5`, in one file: 413 stations, temperatures of −99.9 to 99.9. */
export function temperatures(rows: number, seed = 1): DataSet {
  return {
    name: `temperatures-${rows}-${seed}`,
    about: `${rows} temperatures of ${stations} stations in one file`,
    make: (directory, signal) => writeParts(directory, "rows", rowParts(rows, seed), signal),
  };
}

/** The lines, in blocks. */
export function rowParts(rows: number, seed: number): Generator<Generator<Uint8Array>> {
  const random = new Random(seed, 1);
  return parts(rows, 1, lineBytesMax, (_index, block, start) => {
    block.set(name, start);
    let at = writeDigits(random.next() % stations, 3, block, start + name.length);
    block[at++] = semicolon;
    const tenths = (random.next() % 1999) - 999;
    if (tenths < 0) block[at++] = hyphen;
    const size = Math.abs(tenths);
    at = writeDigits(Math.floor(size / 10), size < 100 ? 1 : 2, block, at);
    block[at++] = point;
    block[at++] = zero + (size % 10);
    block[at] = newline;
    return at + 1;
  });
}
