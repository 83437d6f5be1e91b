import { setImmediate as nextTurn } from "node:timers/promises";
import type { CsvOptions } from "../app/contract.js";
import type { Split } from "../model/split.js";
import { BadRecordError } from "./bad-record-error.js";
import { isStoredAsRead, linesIn, type ByteSource } from "./byte-source.js";
import { openCsv, type CsvReader } from "./csv-reader.js";
import { lengthOf } from "./splits.js";

/** A file that makes up no more of the input than this is one task: the job has enough tasks anyway. */
const smallShare = 1 / 64;
/** How much is read at a time to find rows, and how much before the event loop continues. */
const chunkBytes = 1024 * 1024;
const turnBytes = 16 * 1024 * 1024;

export interface CutOptions {
  /** The app's options for `"csv"`. */
  readonly csv?: CsvOptions | undefined;
  /** The usual size of a split in bytes. */
  readonly splitBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Cuts large CSV files into splits that begin with a row. Files that are compressed, not UTF-8, or whose rows end with a
 * lone carriage return stay as they are.
 *
 * A line end may be in quotes; whether it is depends on everything before it. So this reads each file once from its
 * beginning, with the code that later reads its rows, including malformed ones. It only skips stretches without quotes, at
 * the speed of memory. The splits of a file therefore have exactly the rows of the whole file.
 *
 * Throws the reason of `signal` when it is aborted.
 */
export async function cutCsvFiles(
  splits: readonly Split[],
  { csv = {}, splitBytes, signal }: CutOptions,
): Promise<Split[]> {
  const totalBytes = splits.reduce((sum, split) => sum + lengthOf(split), 0);
  const cut: Split[] = [];
  for (const split of splits) {
    const isSmall = lengthOf(split) <= Math.max(splitBytes, totalBytes * smallShare);
    if (isSmall || !isStoredAsRead(split)) cut.push(split);
    else cut.push(...(await cutFile(split, csv, Math.ceil(lengthOf(split) / splitBytes), signal)));
  }
  return cut;
}

async function cutFile(
  file: Split,
  options: CsvOptions,
  count: number,
  signal: AbortSignal | undefined,
): Promise<Split[]> {
  const places = Array.from({ length: count - 1 }, (_, n) => Math.floor((file.endBytes / count) * (n + 1)));
  const rows = await rowStarts(file, options, places, signal);
  const starts = [...new Set([0, ...rows])].filter((start) => start < file.endBytes);
  return starts.map((startBytes, n) => ({ ...file, startBytes, endBytes: starts[n + 1] ?? file.endBytes }));
}

/** For each place, returns the start of the first row at or after it; nothing if the file cannot be cut. */
async function rowStarts(
  file: Split,
  options: CsvOptions,
  places: readonly number[],
  signal: AbortSignal | undefined,
): Promise<number[]> {
  let reader: CsvReader | undefined;
  try {
    reader = await openCsv({ source: takingTurns(linesIn(file), signal), file: file.file, options, chunkBytes });
    const { dialect } = await reader.header();
    if (dialect.endsAtReturn) return [];
    const starts: number[] = [];
    for (const place of places) starts.push(await rowStart(reader, place));
    return starts;
  } catch {
    signal?.throwIfAborted();
    // The map task that reads the file will report the error.
    return [];
  } finally {
    await reader?.close();
  }
}

async function rowStart(reader: CsvReader, place: number): Promise<number> {
  for (;;) {
    try {
      return await reader.skipTo(place);
    } catch (error) {
      // A line is too long to be a row.
      if (!(error instanceof BadRecordError)) throw error;
    }
  }
}

/** Lets the event loop run from time to time while the source is read. */
function takingTurns(source: ByteSource, signal: AbortSignal | undefined): ByteSource {
  let bytes = 0;
  const read = (into: Buffer, at: number) => {
    bytes += into.length - at;
    return source.read(into, at);
  };
  return {
    start: source.start,
    firstOffset: source.firstOffset,
    length: source.length,
    isWholeFile: source.isWholeFile,
    read: (into, at) => {
      if (bytes < turnBytes) return read(into, at);
      bytes = 0;
      return nextTurn().then(() => {
        signal?.throwIfAborted();
        return read(into, at);
      });
    },
    close: () => source.close(),
  };
}
