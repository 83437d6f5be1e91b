import { Random } from "../../scripts/corpus/random.js";
import { writeParts, type DataSet } from "./data-set.js";
import { parts, writeDigits } from "./line-blocks.js";

const countries = ["AT", "BE", "CH", "DE", "DK", "ES", "FI", "FR", "GB", "IT", "NL", "NO", "PL", "PT", "SE"];
const products = ["bolt", "nut", "washer", "screw", "pipe", "hinge", "bracket", "nail", "anchor", "rivet"];
const lineBytesMax = 200;

/** Orders as one file of JSON Lines, some 118 bytes each, with a nested object and an array. */
export function orders(count: number, seed = 1): DataSet {
  return {
    name: `orders-${count}-${seed}`,
    about: `JSON Lines, ${count} orders in one file`,
    make: (directory, signal) => writeParts(directory, "orders", orderParts(count, seed), signal),
  };
}

/** The lines, in blocks, of the one file. */
export function orderParts(count: number, seed: number): Generator<Generator<Uint8Array>> {
  const random = new Random(seed, 2);
  const encoder = new TextEncoder();
  const oneOf = (texts: readonly string[]) => texts[random.next() % texts.length] ?? "";
  return parts(count, 1, lineBytesMax, (index, block, start) => {
    let at = start;
    const put = (text: string) => {
      at += encoder.encodeInto(text, block.subarray(at)).written;
    };
    put('{"id":1');
    at = writeDigits(index, 8, block, at);
    put(`,"country":"${oneOf(countries)}","product":"${oneOf(products)}","cents":${100 + (random.next() % 99_900)}`);
    put(`,"customer":{"id":${random.next() % 100_000},"isNew":${random.next() % 5 === 0}}`);
    put(`,"tags":["${oneOf(products)}","${oneOf(countries)}"]}\n`);
    return at;
  });
}
