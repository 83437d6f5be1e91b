import { smallFiles } from "../data/texts.js";
import { duckdb, duckdbLines, duckdbName, gnuSort, mrOutput, mrRun, threads, type Workload } from "./workload.js";

/** Prints `word file` once for each word in a file. */
const wordsOfFiles = String.raw`LC_ALL=C mawk -F '[^A-Za-z\200-\377]+' '
    FNR == 1 { split("", seen) }
    { for (i = 1; i <= NF; i++) if ($i != "" && !($i in seen)) { seen[$i]; print $i, FILENAME } }'`;

/** Makes lines `word N file,file,...` from sorted lines `word file`. */
const group = String.raw`mawk '
  function put(i) { if (n) { printf "%s %d ", word, n; for (i = 1; i < n; i++) printf "%s,", files[i]; print files[n] } }
  $1 != word { put(); word = $1; n = 0 }
  { files[++n] = $2 }
  END { put() }'`;

export const indexer: Workload = {
  name: "indexer",
  title: "Inverted index of small files",
  about: "For each word the files it is in, with the bundled app `indexer`: many small map tasks, long values.",
  minutes: 1,
  contenders(scale) {
    const data = smallFiles(Math.round(2000 * scale));
    const query = `SELECT word || ' ' || count(*) || ' ' || string_agg(filename, ',' ORDER BY filename) FROM (
    SELECT DISTINCT filename, unnest(regexp_extract_all(line, '\\pL+')) AS word
    FROM ${duckdbLines.replace(/\)$/, ", filename = true)")}
  ) GROUP BY word`;
    return [
      { name: "mapreduce-ts", peer: "mr", data, command: mrRun("indexer"), canonical: mrOutput },
      { name: duckdbName, peer: "duckdb", data, command: duckdb(query), canonical: "cat out.txt" },
      {
        name: "GNU parallel + mawk | sort",
        peer: "parallel",
        data,
        command: `list() { ${wordsOfFiles} "$@"; }
export -f list
parallel -j${threads} -X list ::: "$DATA"/*.txt | ${gnuSort} | LC_ALL=C ${group} > out.txt`,
        canonical: "cat out.txt",
      },
    ];
  },
};
