import { orders } from "../data/orders.js";
import { duckdb, duckdbName, mrOutput, mrRun, type Workload } from "./workload.js";

export const jsonl: Workload = {
  name: "jsonl",
  title: "JSON Lines, sums by two fields",
  about: "Sums a field of one large file of JSON Lines by two others. Each line has a nested object and an array.",
  minutes: 2,
  contenders(scale) {
    const data = orders(Math.round(1_200_000 * scale));
    const query = `SELECT country || '|' || product, sum(cents)::BIGINT
  FROM read_json('$DATA/*.txt', format = 'newline_delimited',
    columns = {country: 'VARCHAR', product: 'VARCHAR', cents: 'INTEGER'})
  GROUP BY country, product`;
    return [
      { name: "mapreduce-ts", peer: "mr", data, command: mrRun('"$BENCH/apps/order-sum.js"'), canonical: mrOutput },
      { name: duckdbName, peer: "duckdb", data, command: duckdb(query), canonical: "cat out.txt", target: 3 },
      {
        name: "jq",
        peer: "jq",
        data,
        command: `jq -nr 'reduce inputs as $o ({}; .[$o.country + "|" + $o.product] += $o.cents) | to_entries[] | "\\(.key) \\(.value)"' "$DATA"/*.txt > out.txt`,
        canonical: "cat out.txt",
        target: 0.25,
      },
      {
        name: "Node.js, one thread",
        peer: "node",
        data,
        command: `node "$BENCH/peers/order-sum.js" "$DATA"/*.txt > out.txt`,
        canonical: "cat out.txt",
      },
    ];
  },
};
