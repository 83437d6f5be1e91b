/**
 * Word counts by other programs. In the text that `make-corpus` makes, only letters have bytes beyond ASCII, so tools
 * that work on bytes find the same words as tools that know Unicode.
 */
import type { DataSet } from "../data/data-set.js";
import {
  duckdb,
  duckdbLines,
  duckdbName,
  gnuSort,
  mrOutput,
  mrRun,
  once,
  threads,
  type Contender,
} from "./workload.js";

const wordLines = String.raw`tr -cs 'A-Za-z\200-\377' '\n'`;
const count = `mawk '{ n[$0]++ } END { for (w in n) if (w != "") print w, n[w] }'`;
const sum = `mawk '{ n[$1] += $2 } END { for (w in n) print w, n[w] }'`;

const output = "cat out.txt";

/** mapreduce-ts, with the given app and options. */
export function mr(data: DataSet, app?: string, options?: string): Contender {
  return {
    name: "mapreduce-ts",
    peer: "mr",
    data,
    command: mrRun(app ?? "wc", options),
    canonical: mrOutput,
  };
}

/**
 * The fastest correct query we found: it groups the text between spaces, and looks for words in the groups. It is twice
 * as fast as the plain one.
 */
export function duckdbTuned(data: DataSet): Contender {
  const tokens = `SELECT unnest(string_split(line, ' ')) AS token
    FROM ${duckdbLines}`;
  const query = `SELECT word, sum(n)::BIGINT FROM (
    SELECT unnest(regexp_extract_all(token, '\\pL+')) AS word, n
    FROM (SELECT token, count(*) AS n FROM (${tokens}) GROUP BY token)
  ) GROUP BY word`;
  return { name: duckdbName, peer: "duckdb", data, command: duckdb(query), canonical: output };
}

/** The obvious query. */
export function duckdbPlain(data: DataSet): Contender {
  const query = `SELECT word, count(*) FROM (
    SELECT unnest(regexp_extract_all(line, '\\pL+')) AS word
    FROM ${duckdbLines}
  ) GROUP BY word`;
  return { name: `${duckdbName}, plain query`, peer: "duckdb", data, command: duckdb(query), canonical: output };
}

export function trMawk(data: DataSet): Contender {
  return {
    name: "tr | mawk",
    peer: "mawk",
    data,
    command: `cat "$DATA"/*.txt | LC_ALL=C ${wordLines} | LC_ALL=C ${count} > out.txt`,
    canonical: output,
  };
}

/** One process per file, two at a time. */
export function parallelMawk(data: DataSet): Contender {
  const give = `parallel -j${threads} 'count < {}' ::: "$DATA"/*.txt`;
  return { name: "GNU parallel + mawk", peer: "parallel", data, command: parallel(give), canonical: output };
}

/** One process per 64 MB of one file, two at a time. */
export function parallelMawkOneFile(data: DataSet): Contender {
  const give = `parallel -j${threads} --pipepart --block 64M -a "$DATA"/*.txt count`;
  return { name: "GNU parallel + mawk", peer: "parallel", data, command: parallel(give), canonical: output };
}

function parallel(give: string): string {
  return `count() { LC_ALL=C ${wordLines} | LC_ALL=C ${count}; }
export -f count
${give} | LC_ALL=C ${sum} > out.txt`;
}

/** Runs the contender once, so that other outputs can be compared with its output. */
export function toCompareWith(contender: Contender): Contender {
  return { ...contender, ...once };
}

export function sortUniq(data: DataSet): Contender {
  return {
    ...once,
    name: "sort | uniq -c",
    peer: "sort",
    data,
    command: `cat "$DATA"/*.txt | LC_ALL=C ${wordLines} | ${gnuSort} | LC_ALL=C uniq -c > out.txt`,
    canonical: `mawk 'NF == 2 { print $2, $1 }' out.txt`,
  };
}

export function skale(data: DataSet): Contender {
  const command = `SKALE_WORKERS=${threads} node "$BENCH/peers/skale-wc.cjs" "$DATA/"`;
  return { ...once, name: `skale, ${threads} workers`, peer: "skale", data, command, canonical: output };
}

export function mrjob(data: DataSet): Contender {
  const command = `python3 "$BENCH/peers/mrjob-wc.py" -q -r local --num-cores ${threads} "$DATA"/*.txt > out.txt`;
  return { ...once, name: `mrjob, local, ${threads} cores`, peer: "mrjob", data, command, canonical: output };
}

export function pyspark(data: DataSet): Contender {
  const command = `python3 "$BENCH/peers/pyspark-wc.py" ${threads} "$DATA"`;
  return { ...once, name: `PySpark, local[${threads}]`, peer: "pyspark", data, command, canonical: "cat out/part-*" };
}
