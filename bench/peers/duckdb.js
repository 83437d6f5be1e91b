/**
 * Runs the SQL of its standard input in DuckDB, with the given number of threads and no database file:
 *
 *     node bench/peers/duckdb.js 2 <<< "COPY (SELECT 42) TO 'out.txt'"
 *
 * The order of rows does not matter, which saves DuckDB some work and memory.
 */
import { readFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";

const instance = await DuckDBInstance.create(":memory:", {
  threads: process.argv[2],
  preserve_insertion_order: "false",
});
const connection = await instance.connect();
await connection.run(readFileSync(0, "utf8"));
