import { Random } from "../../scripts/corpus/random.js";
import { writeParts, type DataSet } from "./data-set.js";
import { parts, writeDigits } from "./line-blocks.js";

const header = "id1,id2,id3,id4,id5,id6,v1,v2,v3\n";
const lineBytesMax = header.length + 80;
const groups = 100;
const [comma, newline, point] = [44, 10, 46];

/**
 * The table of the group-by questions of db-benchmark (H2O.ai, DuckDB Labs) as one CSV file: 100 groups in `id1`, `id2`,
 * `id4` and `id5`, a hundredth of the rows in `id3` and `id6`.
 */
export function groupByRows(rows: number, seed = 1): DataSet {
  return {
    name: `group-by-${rows}-${seed}`,
    about: `db-benchmark's table, ${rows} rows of 9 columns in one CSV file`,
    make: (directory, signal) => writeParts(directory, "rows", rowParts(rows, seed), signal),
  };
}

/** The header and the rows, in blocks, of the one file. */
export function rowParts(rows: number, seed: number): Generator<Generator<Uint8Array>> {
  const random = new Random(seed, 3);
  const encoder = new TextEncoder();
  const many = Math.max(1, Math.floor(rows / groups));
  return parts(rows, 1, lineBytesMax, (index, block, start) => {
    let at = start;
    const put = (text: string) => {
      at += encoder.encodeInto(text, block.subarray(at)).written;
    };
    const putDigits = (number: number, digits: number) => {
      at = writeDigits(number, digits, block, at);
    };
    if (index === 0) put(header);
    put("id");
    putDigits(1 + (random.next() % groups), 3);
    put(",id");
    putDigits(1 + (random.next() % groups), 3);
    put(",id");
    putDigits(1 + (random.next() % many), 10);
    put(`,${1 + (random.next() % groups)},${1 + (random.next() % groups)},${1 + (random.next() % many)}`);
    put(`,${1 + (random.next() % 5)},${1 + (random.next() % 15)}`);
    block[at++] = comma;
    putDigits(random.next() % 100, 2);
    block[at++] = point;
    putDigits(random.next() % 1_000_000, 6);
    block[at++] = newline;
    return at;
  });
}
