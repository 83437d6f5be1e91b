/**
 * What one writes first to wait 50 ms for each line of a file with 20 lines in flight: a pool of 20 loops.
 *
 *     node bench/peers/await.js lines.txt
 */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const lines = readFileSync(process.argv[2], "utf8").trimEnd().split("\n").values();
const counts = new Map();
const work = async () => {
  for (const line of lines) {
    await delay(50);
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
};
await Promise.all(Array.from({ length: 20 }, work));
for (const [line, count] of counts) console.log(line, count);
