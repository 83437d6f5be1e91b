import { distinctKeys } from "../data/distinct-keys.js";
import { duckdb, duckdbLines, mrOutput, type Workload } from "./workload.js";

export const distinct: Workload = {
  name: "distinct",
  title: "Distinct keys",
  about:
    "Counts how often each line occurs, which is once: nothing can be folded, and the output is as large as the input.",
  contenders(scale) {
    const data = distinctKeys(Math.round(10_000_000 * scale));
    const query = `SELECT line, count(*) FROM ${duckdbLines} GROUP BY line`;
    return [
      {
        name: "mapreduce-ts",
        peer: "mr",
        data,
        command: `mr run "$BENCH/apps/distinct.js" "$DATA"/*.txt`,
        canonical: mrOutput,
      },
      { name: "DuckDB, 2 threads", peer: "duckdb", data, command: duckdb(query), canonical: "cat out.txt", target: 2 },
      {
        name: "sort | uniq -c",
        peer: "sort",
        data,
        command: `LC_ALL=C sort --parallel=2 "$DATA"/*.txt | LC_ALL=C uniq -c > out.txt`,
        canonical: `mawk '{ print $2, $1 }' out.txt`,
      },
    ];
  },
};
