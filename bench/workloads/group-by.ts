import { groupByRows } from "../data/group-by.js";
import { duckdb, duckdbName, mrOutput, mrRun, type Workload } from "./workload.js";

const v3 = "sum(round(v3 * 1000000)::BIGINT)::BIGINT";
const ids = ["id1", "id2", "id3", "id4", "id5", "id6"];

const questions = [
  { question: 1, by: ["id1"], columns: "sum(v1)::BIGINT", asks: "`sum(v1)` by `id1`, 100 groups" },
  { question: 2, by: ["id1", "id2"], columns: "sum(v1)::BIGINT", asks: "`sum(v1)` by `id1`, `id2`, 10,000 groups" },
  {
    question: 3,
    by: ["id3"],
    columns: `sum(v1)::BIGINT, ${v3}, count(*)`,
    asks: "`sum(v1)`, `mean(v3)` by `id3`, 100,000 groups",
  },
  {
    question: 4,
    by: ["id4"],
    columns: `sum(v1)::BIGINT, sum(v2)::BIGINT, ${v3}, count(*)`,
    asks: "`mean(v1)`, `mean(v2)`, `mean(v3)` by `id4`, 100 groups",
  },
  {
    question: 5,
    by: ["id6"],
    columns: `sum(v1)::BIGINT, sum(v2)::BIGINT, ${v3}`,
    asks: "`sum(v1)`, `sum(v2)`, `sum(v3)` by `id6`, 100,000 groups",
  },
  { question: 10, by: ids, columns: `${v3}, count(*)`, asks: "`sum(v3)`, `count` by all six ids, 10 million groups" },
] as const;

/** Questions 1 to 5 and 10 of db-benchmark's group-by (H2O.ai, DuckDB Labs), each with loading the file. */
export const groupBy: readonly Workload[] = questions.map(({ question, by, columns, asks }) => ({
  name: `group-by-${question}`,
  title: `db-benchmark, group-by question ${question}`,
  about: `${asks}, from one CSV file, loading included.`,
  minutes: question === 10 ? 8 : 3,
  contenders(scale) {
    const data = groupByRows(Math.round(10_000_000 * scale));
    const types = ["id1", "id2", "id3", "id4", "id5", "id6"].map((name) => `'${name}': 'VARCHAR'`);
    const table = `read_csv('$DATA/*.txt', columns = {${types.join(", ")}, 'v1': 'INTEGER', 'v2': 'INTEGER', 'v3': 'DOUBLE'},
    header = true, delim = ',', auto_detect = false)`;
    const query = `SELECT ${by.join(" || '|' || ")}, ${columns} FROM ${table} GROUP BY ${by.join(", ")}`;
    return [
      {
        name: "mapreduce-ts",
        peer: "mr",
        data,
        command: mrRun('"$BENCH/apps/group-by.js"', `-w 2 --arg question=${question}`),
        canonical: mrOutput,
      },
      { name: duckdbName, peer: "duckdb", data, command: duckdb(query), canonical: "cat out.txt", target: 8 },
      {
        name: "Node.js, one thread",
        peer: "node",
        data,
        command: `node --max-old-space-size=8192 "$BENCH/peers/group-by.js" ${question} "$DATA"/*.txt > out.txt`,
        canonical: "cat out.txt",
      },
    ];
  },
}));
