/**
 * What one writes first for the sums of JSON Lines by two fields, in one thread:
 *
 *     node bench/peers/order-sum.js orders-0001.txt
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

const sums = new Map();
for (const file of process.argv.slice(2)) {
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const { country, product, cents } = JSON.parse(line);
    const key = `${country}|${product}`;
    sums.set(key, (sums.get(key) ?? 0) + cents);
  }
}
for (const [key, sum] of sums) console.log(`${key} ${sum}`);
