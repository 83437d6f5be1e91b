/**
 * Word count as one writes it first, in one thread:
 *
 *     node bench/peers/word-count.js DIRECTORY
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [directory = "."] = process.argv.slice(2);
const counts = new Map();
for (const name of readdirSync(directory)) {
  for (const word of readFileSync(join(directory, name), "utf8").match(/\p{L}+/gu) ?? []) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
}
for (const [word, count] of counts) console.log(`${word} ${count}`);
