/**
 * The billion-row challenge as one writes it first, in one thread:
 *
 *     node bench/peers/temperatures.js rows-0001.txt
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

const stations = new Map();
for (const file of process.argv.slice(2)) {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const [station, text] = line.split(";");
    const tenths = Math.round(Number(text) * 10);
    const found = stations.get(station);
    if (found === undefined) stations.set(station, [tenths, tenths, tenths, 1]);
    else {
      found[0] = Math.min(found[0], tenths);
      found[1] = Math.max(found[1], tenths);
      found[2] += tenths;
      found[3] += 1;
    }
  }
}
for (const [station, values] of stations) console.log(station, ...values);
