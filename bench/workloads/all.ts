import { awaits } from "./awaits.js";
import { books } from "./books.js";
import { csv } from "./csv.js";
import { distinct } from "./distinct.js";
import { groupBy } from "./group-by.js";
import { gzipLines } from "./gzip-lines.js";
import { grepFrequent, grepRare } from "./grep.js";
import { hotKey } from "./hot-key.js";
import { indexer } from "./indexer.js";
import { jsonl } from "./jsonl.js";
import { smallFiles } from "./small-files.js";
import { sort } from "./sort.js";
import { temperatures } from "./temperatures.js";
import { scaling, wc, wcOneFile, wcPlain, wcStrings } from "./wc.js";

/** All workloads, in the order in which they are measured. */
export const workloads = [
  books,
  wc,
  wcOneFile,
  wcPlain,
  wcStrings,
  indexer,
  grepRare,
  grepFrequent,
  sort,
  distinct,
  hotKey,
  csv,
  gzipLines,
  jsonl,
  temperatures,
  ...groupBy,
  smallFiles,
  awaits,
  scaling,
] as const;
