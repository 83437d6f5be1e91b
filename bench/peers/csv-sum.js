/**
 * What one writes first for the sums by two columns of a CSV file without quotes, in one thread:
 *
 *     node bench/peers/csv-sum.js sales-0001.txt
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

const sums = new Map();
for (const file of process.argv.slice(2)) {
  let isHeader = true;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (!isHeader) {
      const [, , region, product, , cents] = line.split(",");
      const key = `${region}|${product}`;
      sums.set(key, (sums.get(key) ?? 0) + Number(cents));
    }
    isHeader = false;
  }
}
for (const [key, sum] of sums) console.log(`${key} ${sum}`);
