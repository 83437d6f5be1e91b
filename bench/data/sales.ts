import { Random } from "../../scripts/corpus/random.js";
import { writeParts, type DataSet } from "./data-set.js";
import { parts, writeDigits } from "./line-blocks.js";

const regions = ["north", "south", "east", "west", "centre", "north-east", "south-west", "overseas"];
const products = ["bolt", "nut", "washer", "screw", "pipe", "hinge", "bracket", "nail", "anchor", "rivet"];
const customers = ["Ann", "Bob", "Cora", "Dave"];
const header = "order,date,region,product,units,cents,customer,note\n";
const lineBytesMax = header.length + 100;

/**
 * Sales as one CSV file with a header, some 53 bytes a row, without quotes: so that an app that splits lines at commas gives
 * the same answer.
 */
export function sales(rows: number, seed = 1): DataSet {
  return {
    name: `sales-${rows}-${seed}`,
    about: `CSV, ${rows} rows of 8 columns in one file`,
    make: (directory, signal) => writeParts(directory, "sales", saleParts(rows, seed), signal),
  };
}

/** The header and the rows, in blocks, of the one file. */
export function saleParts(rows: number, seed: number): Generator<Generator<Uint8Array>> {
  const random = new Random(seed, 0);
  const encoder = new TextEncoder();
  const oneOf = (texts: readonly string[]) => texts[random.next() % texts.length] ?? "";
  return parts(rows, 1, lineBytesMax, (index, block, start) => {
    let at = start;
    const put = (text: string) => {
      at += encoder.encodeInto(text, block.subarray(at)).written;
    };
    if (index === 0) put(header);
    at = writeDigits(index, 8, block, at);
    put(",2025-");
    at = writeDigits(1 + (random.next() % 12), 2, block, at);
    put("-");
    at = writeDigits(1 + (random.next() % 28), 2, block, at);
    put(`,${oneOf(regions)},${oneOf(products)},${1 + (random.next() % 99)},${100 + (random.next() % 99_900)}`);
    put(`,${oneOf(customers)} ${random.next() % 1000},${random.next() % 7 === 0 ? "fragile" : ""}\n`);
    return at;
  });
}
