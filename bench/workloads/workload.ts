import type { DataSet } from "../data/data-set.js";
import type { PeerName } from "../peers/peers.js";

/** One program doing the job of a workload. Commands are bash, run in an empty directory, with the input in `$DATA`. */
export interface Contender {
  readonly name: string;
  readonly peer: PeerName;
  readonly data: DataSet;
  readonly command: string;
  /**
   * A command that prints the output in the form that all contenders share; the order of lines does not matter. It
   * fails when the output is wrong in itself.
   */
  readonly canonical: string;
  /** The most runs that are measured; by default the rule of `runsOf`. */
  readonly runs?: number;
  /** Measures the very first run, without a warm-up. */
  readonly cold?: true;
  /** The highest allowed ratio of mapreduce-ts's time to this contender's. */
  readonly target?: number;
  /** The longest allowed time of this contender, in seconds. */
  readonly targetSeconds?: number;
  /** Its place in the scaling table: the size of its data at full scale, and the number of workers. */
  readonly step?: { readonly mebibytes: number; readonly workers: number };
}

/** A job that several programs do. Outputs for the same data are compared with each other. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  /** A description: how the contenders use the data, and what the workload shows. */
  readonly about: string;
  /** Roughly how long it takes, with all peers and five runs, in minutes: to estimate the remaining time. */
  readonly minutes: number;
  /** Contenders for data of the full size times `scale`; the first is mapreduce-ts. */
  contenders(scale: number): readonly [Contender, ...Contender[]];
}

export const MiB = 2 ** 20;

/** How many threads, workers or jobs each program may use if it supports several. */
export const threads = 2;

/** The command that runs a mapreduce-ts app; `options` come before the input files. */
export function mrRun(app: string, options = `-w ${threads}`): string {
  return `mr run ${options} ${app} "$DATA"/*.txt`;
}

/** GNU sort on bytes; its arguments follow. */
export const gnuSort = `LC_ALL=C sort --parallel=${threads}`;

export const duckdbName = `DuckDB, ${threads} threads`;

/** Prints the output files of `mr run`. */
export const mrOutput = "cat mr-output/mr-out-*";

/** For programs that take minutes: a single run, without a warm-up. */
export const once = { runs: 1, cold: true } as const;

/** The start of a query's input: the lines of the files. The delimiter is a byte that occurs in no file. */
export const duckdbLines = `read_csv('$DATA/*.txt', columns = {line: 'VARCHAR'}, header = false, delim = E'\\x01',
    quote = '', escape = '', auto_detect = false)`;

/** A command that runs a query in DuckDB and writes the rows to out.txt, values separated by a space. */
export function duckdb(query: string): string {
  return `node "$BENCH/peers/duckdb.js" ${threads} <<SQL
COPY (
  ${query}
) TO 'out.txt' (FORMAT csv, HEADER false, DELIMITER ' ', QUOTE '', ESCAPE '')
SQL`;
}
