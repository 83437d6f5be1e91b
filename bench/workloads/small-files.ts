import { corpus, smallFiles as files } from "../data/texts.js";
import * as wordCount from "./word-count.js";
import { mrOutput, type Workload } from "./workload.js";

const count = 3000;
/** The mean length of such a file. */
const meanBytes = 6000;

export const smallFiles: Workload = {
  name: "small-files",
  title: "Many small files",
  about:
    "Counts the words of 3,000 files of 2 to 10 kB; the last line is about as much text of the same kind in one file. " +
    "DuckDB and the script read the small files.",
  minutes: 1,
  contenders(scale) {
    const data = files(Math.round(count * scale));
    const oneFile = corpus(Math.round(count * scale) * meanBytes, 1);
    return [
      wordCount.mr(data),
      {
        name: "Node.js, one thread",
        peer: "node",
        data,
        command: `node "$BENCH/peers/word-count.js" "$DATA" > out.txt`,
        canonical: "cat out.txt",
      },
      wordCount.duckdbTuned(data),
      { ...wordCount.mr(oneFile), name: "mapreduce-ts, one file", canonical: mrOutput, target: 1.5 },
      wordCount.toCompareWith({ ...wordCount.duckdbTuned(oneFile), name: "DuckDB, one file" }),
    ];
  },
};
