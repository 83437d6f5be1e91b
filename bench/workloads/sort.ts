import { sortRecords } from "../data/sort-records.js";
import { duckdb, duckdbLines, type Workload } from "./workload.js";

export const sort: Workload = {
  name: "sort",
  title: "Distributed sort",
  about:
    "Sorts records by their keys. The output of mapreduce-ts is ten files, each of them sorted; that of the others is " +
    "one file.",
  contenders(scale) {
    const data = sortRecords(Math.round(2_500_000 * scale));
    const sorted = (file: string): string => `LC_ALL=C sort -c -s -k1,1 ${file}`;
    return [
      {
        name: "mapreduce-ts",
        peer: "mr",
        data,
        command: `mr run "$BENCH/apps/sort.js" "$DATA"/*.txt`,
        canonical: `for file in mr-output/mr-out-*; do ${sorted('"$file"')} || exit; cat "$file"; done`,
      },
      {
        name: "GNU sort --parallel=2",
        peer: "sort",
        data,
        command: `LC_ALL=C sort --parallel=2 "$DATA"/*.txt > out.txt`,
        canonical: `${sorted("out.txt")} && cat out.txt`,
        target: 2.5,
      },
      {
        name: "DuckDB, 2 threads",
        peer: "duckdb",
        data,
        command: duckdb(`SELECT line FROM ${duckdbLines} ORDER BY line`),
        canonical: `${sorted("out.txt")} && cat out.txt`,
      },
    ];
  },
};
