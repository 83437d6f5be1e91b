import { temperatures as rows } from "../data/temperatures.js";
import { duckdb, duckdbName, mrOutput, mrRun, type Workload } from "./workload.js";

export const temperatures: Workload = {
  name: "temperatures",
  title: "Billion-row challenge",
  about:
    "The least, mean and greatest temperature of 413 stations in ten million lines: few keys, whose values the aggregator " +
    "`stats` folds, or a hand-written `combine` on arrays.",
  minutes: 2,
  contenders(scale) {
    const data = rows(Math.round(10_000_000 * scale));
    const query = `SELECT station, min(t)::BIGINT, max(t)::BIGINT, sum(t)::BIGINT, count(*)
  FROM (SELECT station, round(degrees * 10)::BIGINT AS t
    FROM read_csv('$DATA/*.txt', columns = {station: 'VARCHAR', degrees: 'DOUBLE'}, header = false, delim = ';',
      quote = '', escape = '', auto_detect = false))
  GROUP BY station`;
    return [
      { name: "mapreduce-ts", peer: "mr", data, command: mrRun('"$BENCH/apps/temperatures.js"'), canonical: mrOutput },
      {
        name: "mapreduce-ts, `combine` on arrays",
        peer: "mr",
        data,
        command: mrRun('"$BENCH/apps/temperatures-arrays.js"'),
        canonical: mrOutput,
      },
      {
        name: "Node.js, one thread",
        peer: "node",
        data,
        command: `node "$BENCH/peers/temperatures.js" "$DATA"/*.txt > out.txt`,
        canonical: "cat out.txt",
        target: 0.6,
      },
      { name: duckdbName, peer: "duckdb", data, command: duckdb(query), canonical: "cat out.txt", target: 2.5 },
    ];
  },
};
