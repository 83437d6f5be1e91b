import type { DataSet } from "../data/data-set.js";
import type { PeerName } from "../peers/peers.js";

/** One program doing the job of a workload. Commands are bash, run in an empty directory, with the input in `$DATA`. */
export interface Contender {
  readonly name: string;
  readonly peer: PeerName;
  readonly data: DataSet;
  readonly command: string;
  /**
   * Command that prints the output in the form that all contenders have in common; the order of its lines is of no
   * matter. It fails when the output is wrong in itself.
   */
  readonly canonical: string;
  /** How often it is measured at most; left out, `runsOf` has the rule. */
  readonly runs?: number;
  /** It is measured the first time that it runs, without one run before that does not count. */
  readonly cold?: true;
  /** The greatest ratio that the time of mapreduce-ts may have to the time of this one. */
  readonly target?: number;
  /** The longest that this one may take, in seconds. */
  readonly targetSeconds?: number;
  /** Where it stands in the scaling table: the size that its data have at full scale, and how many workers there are. */
  readonly step?: { readonly mebibytes: number; readonly workers: number };
}

/** A job that several programs do. Outputs for the same data are compared with each other. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  /** What the contenders do with the data, and what the workload is there to show. */
  readonly about: string;
  /** About how long it takes, with all peers and five runs, in minutes: to tell how long the rest will take. */
  readonly minutes: number;
  /** Contenders for data of the full size times `scale`; the first is mapreduce-ts. */
  contenders(scale: number): readonly [Contender, ...Contender[]];
}

export const MiB = 2 ** 20;

/** How many threads, workers or jobs each program may use, where it can use several. */
export const threads = 2;

/** The command that runs an app of mapreduce-ts; `options` are what its files follow. */
export function mrRun(app: string, options = `-w ${threads}`): string {
  return `mr run ${options} ${app} "$DATA"/*.txt`;
}

/** GNU sort on bytes; what is given follows. */
export const gnuSort = `LC_ALL=C sort --parallel=${threads}`;

export const duckdbName = `DuckDB, ${threads} threads`;

/** Prints the output files of `mr run`. */
export const mrOutput = "cat mr-output/mr-out-*";

/** For what takes minutes: one run, and that the first. */
export const once = { runs: 1, cold: true } as const;

/** The start of a query's input: the lines of the files. The delimiter is a byte that is in none of them. */
export const duckdbLines = `read_csv('$DATA/*.txt', columns = {line: 'VARCHAR'}, header = false, delim = E'\\x01',
    quote = '', escape = '', auto_detect = false)`;

/** A command that runs a query in DuckDB and writes the rows to out.txt, values with a space between them. */
export function duckdb(query: string): string {
  return `node "$BENCH/peers/duckdb.js" ${threads} <<SQL
COPY (
  ${query}
) TO 'out.txt' (FORMAT csv, HEADER false, DELIMITER ' ', QUOTE '', ESCAPE '')
SQL`;
}
