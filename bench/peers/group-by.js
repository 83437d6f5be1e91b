/**
 * What one writes first for the group-by questions 1 to 5 and 10 of db-benchmark, in one thread:
 *
 *     node bench/peers/group-by.js 3 rows-0001.txt
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

const [, , question, ...files] = process.argv;
const millionths = (text) => Math.round(Number(text) * 1e6);
const questions = {
  1: ([id1, , , , , , v1]) => [id1, [Number(v1)]],
  2: ([id1, id2, , , , , v1]) => [`${id1}|${id2}`, [Number(v1)]],
  3: ([, , id3, , , , v1, , v3]) => [id3, [Number(v1), millionths(v3), 1]],
  4: ([, , , id4, , , v1, v2, v3]) => [id4, [Number(v1), Number(v2), millionths(v3), 1]],
  5: ([, , , , , id6, v1, v2, v3]) => [id6, [Number(v1), Number(v2), millionths(v3)]],
  10: ([id1, id2, id3, id4, id5, id6, , , v3]) => [[id1, id2, id3, id4, id5, id6].join("|"), [millionths(v3), 1]],
};
const groups = new Map();
for (const file of files) {
  let isHeader = true;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (!isHeader) {
      const [key, values] = questions[question](line.split(","));
      const sums = groups.get(key);
      if (sums === undefined) groups.set(key, values);
      else for (let at = 0; at < sums.length; at++) sums[at] += values[at];
    }
    isHeader = false;
  }
}
for (const [key, sums] of groups) console.log(key, ...sums);
