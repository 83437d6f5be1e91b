import { sortRecords } from "../data/sort-records.js";
import { duckdb, duckdbLines, duckdbName, gnuSort, mrRun, threads, type Workload } from "./workload.js";

export const sort: Workload = {
  name: "sort",
  title: "Distributed sort",
  about:
    "Sorts records by their keys. The output of mapreduce-ts is ten files, each of them sorted; that of the others is " +
    "one file.",
  minutes: 3,
  contenders(scale) {
    const data = sortRecords(Math.round(2_500_000 * scale));
    const sorted = (file: string): string => `LC_ALL=C sort -c -s -k1,1 ${file}`;
    return [
      {
        name: "mapreduce-ts",
        peer: "mr",
        data,
        command: mrRun('"$BENCH/apps/sort.js"'),
        canonical: `for file in mr-output/mr-out-*; do ${sorted('"$file"')} || exit; cat "$file"; done`,
      },
      {
        name: `GNU sort --parallel=${threads}`,
        peer: "sort",
        data,
        command: `${gnuSort} "$DATA"/*.txt > out.txt`,
        canonical: `${sorted("out.txt")} && cat out.txt`,
        target: 2.5,
      },
      {
        name: duckdbName,
        peer: "duckdb",
        data,
        command: duckdb(`SELECT line FROM ${duckdbLines} ORDER BY line`),
        canonical: `${sorted("out.txt")} && cat out.txt`,
      },
    ];
  },
};
