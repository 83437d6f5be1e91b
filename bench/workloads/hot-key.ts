import { hotKeyPairs } from "../data/hot-key-pairs.js";
import { duckdb, duckdbName, mrOutput, mrRun, type Workload } from "./workload.js";

export const hotKey: Workload = {
  name: "hot-key",
  title: "Hot key",
  about:
    "Counts and sums numbers by key, where one key has most of them: a reduce task gets nearly all, and must not have " +
    "them in memory.",
  minutes: 1.5,
  contenders(scale) {
    const data = hotKeyPairs(Math.round(8_000_000 * scale));
    const query = `SELECT key, count(*), sum(n)::BIGINT
  FROM read_csv('$DATA/*.txt', columns = {key: 'VARCHAR', n: 'INTEGER'}, header = false, delim = ' ', quote = '',
    escape = '', auto_detect = false)
  GROUP BY key`;
    return [
      {
        name: "mapreduce-ts",
        peer: "mr",
        data,
        command: mrRun('"$BENCH/apps/hot-key.js"'),
        canonical: mrOutput,
      },
      { name: duckdbName, peer: "duckdb", data, command: duckdb(query), canonical: "cat out.txt" },
      {
        name: "mawk",
        peer: "mawk",
        data,
        command: `mawk '{ n[$1]++; s[$1] += $2 } END { for (k in n) printf "%s %d %.0f\\n", k, n[k], s[k] }' "$DATA"/*.txt > out.txt`,
        canonical: "cat out.txt",
      },
    ];
  },
};
