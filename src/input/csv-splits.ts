import { setImmediate as yieldToOthers } from "node:timers/promises";
import type { CsvOptions } from "../app/contract.js";
import type { Split } from "../rpc/protocol.js";
import { BadRecordError } from "./bad-record-error.js";
import { linesIn } from "./byte-source.js";
import { openCsv, type CsvReader } from "./csv-reader.js";
import { lengthOf } from "./splits.js";

/** A file that is so small a part of the input is one task: there are enough of them without looking for rows. */
const smallShare = 1 / 64;
/** How much is read at a time to find rows, and how much before others get their turn. */
const chunkBytes = 1024 * 1024;
const turnBytes = 16 * 1024 * 1024;

/**
 * Cuts large CSV files into splits that begin with a row. Files that are compressed, not UTF-8, or whose rows end with a
 * lone carriage return stay as they are.
 *
 * A line end may be in quotes; whether it is depends on everything before it. So this reads each file once from its
 * beginning, with the code that later reads its rows, including malformed ones. It only skips stretches without quotes, at
 * the speed of memory. The splits of a file therefore have exactly the rows of the whole file.
 */
export async function cutCsvFiles(
  splits: readonly Split[],
  options: CsvOptions = {},
  splitBytes: number,
): Promise<Split[]> {
  const totalBytes = splits.reduce((sum, split) => sum + lengthOf(split), 0);
  const cut: Split[] = [];
  for (const split of splits) {
    const isSmall = lengthOf(split) <= Math.max(splitBytes, totalBytes * smallShare);
    if (isSmall || split.compression !== undefined || split.encoding !== undefined) cut.push(split);
    else cut.push(...(await cutFile(split, options, Math.ceil(lengthOf(split) / splitBytes))));
  }
  return cut;
}

async function cutFile(file: Split, options: CsvOptions, count: number): Promise<Split[]> {
  const ends = Array.from({ length: count - 1 }, (_, n) => Math.floor((file.endBytes / count) * (n + 1)));
  const starts = [...new Set([0, ...(await rowStarts(file, options, ends))])].filter((start) => start < file.endBytes);
  return starts.map((startBytes, n) => ({ ...file, startBytes, endBytes: starts[n + 1] ?? file.endBytes }));
}

/** The first place at each of these places, or behind it, where a row begins; none if the file cannot be cut. */
async function rowStarts(file: Split, options: CsvOptions, places: readonly number[]): Promise<number[]> {
  let reader: CsvReader | undefined;
  try {
    reader = await openCsv({ source: linesIn(file), file: file.file, options, chunkBytes });
    const { dialect } = await reader.header();
    if (dialect.endsAtReturn) return [];
    const starts: number[] = [];
    for (const place of places) starts.push(await rowStart(reader, place));
    return starts;
  } catch {
    // The map task that reads the file finds out what is wrong with it, and says so.
    return [];
  } finally {
    await reader?.close();
  }
}

async function rowStart(reader: CsvReader, place: number): Promise<number> {
  for (;;) {
    const next = Math.min(place, reader.endOffset + turnBytes);
    try {
      const start = await reader.skipTo(next);
      if (start >= place || start < next) return start;
    } catch (error) {
      if (!(error instanceof BadRecordError)) throw error;
    }
    await yieldToOthers();
  }
}
