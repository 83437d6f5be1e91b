import { distinctKeys } from "../data/distinct-keys.js";
import { duckdb, duckdbLines, duckdbName, gnuSort, mrOutput, mrRun, type Workload } from "./workload.js";

export const distinct: Workload = {
  name: "distinct",
  title: "Distinct keys",
  about:
    "Counts how often each line occurs, which is once: nothing can be folded, and the output is as large as the input.",
  minutes: 5,
  contenders(scale) {
    const data = distinctKeys(Math.round(10_000_000 * scale));
    const query = `SELECT line, count(*) FROM ${duckdbLines} GROUP BY line`;
    return [
      {
        name: "mapreduce-ts",
        peer: "mr",
        data,
        command: mrRun('"$BENCH/apps/distinct.js"'),
        canonical: mrOutput,
      },
      { name: duckdbName, peer: "duckdb", data, command: duckdb(query), canonical: "cat out.txt", target: 2 },
      {
        name: "sort | uniq -c",
        peer: "sort",
        data,
        command: `${gnuSort} "$DATA"/*.txt | LC_ALL=C uniq -c > out.txt`,
        canonical: `mawk '{ print $2, $1 }' out.txt`,
      },
    ];
  },
};
