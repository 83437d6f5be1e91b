/**
 * Counts words with skale, whose workers are processes on this machine, into out.txt:
 *
 *     node bench/peers/skale-wc.cjs DIRECTORY/
 */
const { createWriteStream } = require("node:fs");
const skale = require("skale");

const context = skale.context();
context
  .textFile(process.argv[2])
  .flatMap((line) => line.match(/\p{L}+/gu) ?? [])
  .map((word) => [word, 1])
  .reduceByKey((a, b) => a + b, 0)
  .collect()
  .then((counts) => {
    const out = createWriteStream("out.txt");
    for (const [word, count] of counts) out.write(`${word} ${count}\n`);
    out.end(() => context.end());
  });
