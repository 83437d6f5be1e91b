/**
 * How a split is read. The app's `input`, and whether it exports `map` or `mapBytes`, determine what a record is:
 *
 *     input      map                                mapBytes
 *     "file"     the whole file, a string           the whole file
 *     "text"     all lines of the split, a string   one chunk of lines after the other
 *     "lines"    a line, a string                   a line
 *     "jsonl"    a parsed document
 *     "csv"      a row, an object
 *     "pairs"    a pair, an object with key and value
 *     own        what the app's `readRecords` yields
 *
 * `splits.ts` defines splits, and `byte-source.ts` the ways in which their bytes arrive.
 */
import type { CsvOptions, JsonlOptions, ReadContext, ReadRecords } from "../app/contract.js";
import { type RecordKind, formatOf, type AppInputs } from "../model/input-kinds.js";
import type { RecordPlace, Split } from "../model/split.js";
import { firstPosition, offsetsIn } from "../model/record-position.js";
import { BadRecordError } from "./bad-record-error.js";
import { isStoredAsRead, linesIn, linesOfContents, wholeFile, type ByteSource } from "./byte-source.js";
import { ChunkReader } from "./chunk-reader.js";
import type { Warn } from "./input-handle.js";
import type { CsvHeader } from "./csv-reader.js";
import { Bzip2OffsetReader } from "./bzip2-offset-reader.js";
import { FirstOffsetReader } from "./first-offset-reader.js";
import { JsonReader } from "./json-reader.js";
import { LineBytesReader, LineReader } from "./line-readers.js";
import { lineNumber } from "./line-number.js";
import { PairReader } from "./pair-reader.js";
import type { RecordReader } from "./record-reader.js";
import { SkippingReader } from "./skipping-reader.js";
import { TextReader } from "./text-reader.js";
import { WholeBytesReader, WholeTextReader } from "./whole-reader.js";

/** An app's declarations about its records. */
export interface RecordFormat {
  readonly input: RecordKind;
  /** For `"csv"`. */
  readonly csv?: CsvOptions | undefined;
  /** For `"jsonl"` and `"pairs"`. */
  readonly jsonl?: JsonlOptions | undefined;
  /** The app's own reader, if it has one. */
  readonly readRecords?: ReadRecords | undefined;
}

/** The records of one split. A map attempt opens them as values or as bytes. */
export interface SplitSource {
  readonly split: Split;
  /** Throws the errors of opening the file. `context` is for the app's own reader. */
  openValues(context: ReadContext): Promise<RecordReader<unknown>>;
  openBytes(): Promise<RecordReader<Uint8Array>>;
  /** Adds the file, and the line if the file has lines, to the error of a bad record. */
  describe(error: BadRecordError): Promise<Error>;
}

/** The records of a map attempt. */
export interface RecordSource {
  /** In reading order. */
  readonly parts: readonly SplitSource[];
  /** The bad records skipped up to now. */
  readonly skipped: readonly RecordPlace[];
  /** Warnings for the user about the files read up to now. */
  readonly warnings: readonly string[];
}

/** The records of the splits of a task, except for records at the positions in `skip`. */
export function sourceOfSplits(
  splits: readonly Split[],
  app: AppInputs<RecordFormat>,
  skip: readonly number[] = [],
): RecordSource {
  const skipped: RecordPlace[] = [];
  const warnings = new Set<string>();
  const parts = splits.map((split, index) => {
    const first = firstPosition(index);
    return sourceOfSplit(split, app, {
      skip: skip.length === 0 ? [] : offsetsIn(index, splits, skip),
      onSkipped: ({ offset, endOffset }) => skipped.push({ offset: first + offset, endOffset: first + endOffset }),
      warn: (warning) => warnings.add(warning),
    });
  });
  return {
    parts,
    skipped,
    get warnings() {
      return [...warnings];
    },
  };
}

interface SplitOptions {
  /** Offsets of the records to skip. */
  readonly skip?: readonly number[];
  readonly onSkipped?: (place: RecordPlace) => void;
  readonly warn?: Warn;
}

/** The records of one split. */
export function sourceOfSplit(
  split: Split,
  app: AppInputs<RecordFormat>,
  { skip = [], onSkipped = () => undefined, warn = () => undefined }: SplitOptions = {},
): SplitSource {
  const format = formatOf(app, split);
  const offsets = new Set(skip);
  const leavingOut = <Value>(reader: RecordReader<Value>): RecordReader<Value> => {
    return offsets.size === 0 ? reader : new SkippingReader(reader, (offset) => offsets.has(offset), onSkipped);
  };
  return {
    split,
    openValues: async (context) => leavingOut(await openValues(split, format, context, warn)),
    // An app may use the bytes of a whole file for something other than text.
    openBytes: async () => {
      const source = await sourceOf(split, format, format.input !== "file", warn);
      return leavingOut(bytesIn(source, format));
    },
    describe: (error) => describe(error, split, format),
  };
}

async function openValues(
  split: Split,
  format: RecordFormat,
  context: ReadContext,
  warn: Warn,
): Promise<RecordReader<unknown>> {
  if (format.readRecords === undefined) {
    return valuesIn(await sourceOf(split, format, true, warn), split, format, split.startBytes > 0);
  }
  const { OwnReader } = await import("./own-reader.js");
  return new OwnReader(split, format.readRecords, context, warn);
}

async function describe(error: BadRecordError, split: Split, { input }: RecordFormat): Promise<Error> {
  const place = input === "file" ? split.file : `${split.file}, line ${await lineNumber(split, error.offset)}`;
  return new BadRecordError(error.offset, error.endOffset, `${place}: ${error.message}`, { cause: error.cause });
}

async function sourceOf(
  split: Split,
  { input }: RecordFormat,
  refusesBinary: boolean,
  warn: Warn,
): Promise<ByteSource> {
  if (input === "file") return wholeFile(split, refusesBinary, warn);
  if (split.contents !== undefined) return linesOfContents(split, split.contents, warn);
  // The reader ends by itself. The text after the split decides what is wrong with a malformed last row.
  return linesIn(input === "csv" ? { ...split, endBytes: Number.MAX_SAFE_INTEGER } : split, warn);
}

/**
 * The records in some bytes of a file, as values. In strings, bytes that are not UTF-8 become U+FFFD. `isPart` tells
 * whether the file has bytes before these.
 */
export async function valuesIn(
  source: ByteSource,
  split: Split,
  format: RecordFormat,
  isPart: boolean,
): Promise<RecordReader<unknown>> {
  return fromFirstOffset(await readerOfValues(source, split, format, isPart), source);
}

async function readerOfValues(
  source: ByteSource,
  split: Split,
  { input, csv = {}, jsonl = {} }: RecordFormat,
  isPart: boolean,
): Promise<RecordReader<unknown>> {
  const { file } = split;
  switch (input) {
    case "file":
      return new WholeTextReader(source);
    case "text":
      return new TextReader(source);
    case "lines":
      return new LineReader(source);
    case "jsonl":
      return new JsonReader(source, file, jsonl);
    case "pairs":
      return new PairReader(new JsonReader(source, file, jsonl));
    case "csv":
      // Most jobs need no CSV reader, and need not load it.
      return openRows(source, split, csv, isPart);
    case "own":
      throw new Error("an app's own reader reads a file, not bytes");
  }
}

/** Opens rows. Their column names are at the beginning of their file. */
async function openRows(
  source: ByteSource,
  split: Split,
  options: CsvOptions,
  isPart: boolean,
): Promise<RecordReader<unknown>> {
  const { csvHeaderOf, openCsv } = await import("./csv-reader.js");
  // A compressed file has other offsets than its rows, and is read to its end.
  const endBytes = isStoredAsRead(split) ? split.endBytes : undefined;
  let header: CsvHeader | undefined;
  try {
    if (isPart) header = await csvHeaderOf(split, options);
  } catch (error) {
    await source.close();
    throw error;
  }
  return openCsv({ source, file: split.file, options, endBytes }, header);
}

/** The records in some bytes, as bytes. */
export function bytesIn(source: ByteSource, { input }: RecordFormat): RecordReader<Uint8Array> {
  if (input === "file") return fromFirstOffset(new WholeBytesReader(source), source);
  return fromFirstOffset(input === "lines" ? new LineBytesReader(source) : new ChunkReader(source), source);
}

/** Reports the first record of a file at its byte order mark, and the records of a bzip2 file by their blocks. */
function fromFirstOffset<Value>(
  reader: RecordReader<Value>,
  { start, firstOffset, offsets }: ByteSource,
): RecordReader<Value> {
  if (offsets !== undefined) return new Bzip2OffsetReader(reader, offsets);
  return start === firstOffset ? reader : new FirstOffsetReader(reader, start, firstOffset);
}
