import { gzipped } from "../data/gzipped.js";
import { sales } from "../data/sales.js";
import { duckdb, duckdbName, mrOutput, mrRun, type Workload } from "./workload.js";

export const gzipLines: Workload = {
  name: "gzip-lines",
  title: "Lines of a compressed file",
  about:
    "Splits each line of one gzip file at commas and sums a column by two others. Each worker decompresses the file and maps a part of its lines.",
  minutes: 1,
  contenders(scale) {
    const data = gzipped(sales(Math.round(1_750_000 * scale)));
    const names = ["order", "date", "region", "product", "units", "cents", "customer", "note"];
    const columns = names.map((name) => `'${name}': '${name === "cents" ? "INTEGER" : "VARCHAR"}'`).join(", ");
    const query = `SELECT region || '|' || product, sum(cents)::BIGINT
  FROM read_csv('$DATA/*.txt', columns = {${columns}}, header = true, delim = ',', auto_detect = false, compression = 'gzip')
  GROUP BY region, product`;
    return [
      { name: "mapreduce-ts", peer: "mr", data, command: mrRun('"$BENCH/apps/lines-sum.js"'), canonical: mrOutput },
      {
        name: "zcat | mawk",
        peer: "mawk",
        data,
        command: `zcat < "$DATA"/*.txt | mawk -F, 'NR > 1 { s[$3 "|" $4] += $6 } END { for (k in s) printf "%s %.0f\\n", k, s[k] }' > out.txt`,
        canonical: "cat out.txt",
        target: 1.5,
      },
      { name: duckdbName, peer: "duckdb", data, command: duckdb(query), canonical: "cat out.txt" },
      {
        name: "Node.js, one thread",
        peer: "node",
        data,
        command: `zcat < "$DATA"/*.txt | node "$BENCH/peers/csv-sum.js" /dev/stdin > out.txt`,
        canonical: "cat out.txt",
      },
    ];
  },
};
