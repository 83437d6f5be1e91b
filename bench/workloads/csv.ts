import { sales } from "../data/sales.js";
import { duckdb, duckdbName, mrOutput, mrRun, type Workload } from "./workload.js";

export const csv: Workload = {
  name: "csv",
  title: "CSV, sums by two columns",
  about:
    "Sums a column of one large CSV file by two others: a row is an object here, and the file is cut into splits that " +
    "begin with a row. The same app with `lines` splits each line at commas, which is right only where there are no quotes.",
  minutes: 1,
  contenders(scale) {
    const data = sales(Math.round(1_750_000 * scale));
    const names = ["order", "date", "region", "product", "units", "cents", "customer", "note"];
    const columns = names.map((name) => `'${name}': '${name === "cents" ? "INTEGER" : "VARCHAR"}'`).join(", ");
    const query = `SELECT region || '|' || product, sum(cents)::BIGINT
  FROM read_csv('$DATA/*.txt', columns = {${columns}}, header = true, delim = ',', auto_detect = false)
  GROUP BY region, product`;
    return [
      { name: "mapreduce-ts", peer: "mr", data, command: mrRun('"$BENCH/apps/csv-sum.js"'), canonical: mrOutput },
      {
        name: "mapreduce-ts, `lines` and `split`",
        peer: "mr",
        data,
        command: mrRun('"$BENCH/apps/lines-sum.js"'),
        canonical: mrOutput,
        target: 1.3,
      },
      { name: duckdbName, peer: "duckdb", data, command: duckdb(query), canonical: "cat out.txt", target: 4 },
      {
        name: "Node.js, one thread",
        peer: "node",
        data,
        command: `node "$BENCH/peers/csv-sum.js" "$DATA"/*.txt > out.txt`,
        canonical: "cat out.txt",
      },
      {
        name: "mawk",
        peer: "mawk",
        data,
        command: `mawk -F, 'FNR > 1 { s[$3 "|" $4] += $6 } END { for (k in s) printf "%s %.0f\\n", k, s[k] }' "$DATA"/*.txt > out.txt`,
        canonical: "cat out.txt",
      },
    ];
  },
};
