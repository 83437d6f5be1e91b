/**
 * How a split is read. What one record is depends on the app's `input` and on which of its functions is to have it:
 *
 *     input      map                                mapBytes
 *     "file"     the whole file, a string           the whole file
 *     "text"     all lines of the split, a string   one chunk of them after the other
 *     "lines"    a line, a string                   a line
 *     "jsonl"    a parsed document
 *     "csv"      a row, an object
 *     "pairs"    a pair, an object with key and value
 *     own        what the app's `readRecords` yields
 *
 * What a split is, and in what ways its bytes come, stands in `splits.ts` and `byte-source.ts`.
 */
import type { CsvOptions, JsonlOptions, ReadContext, ReadRecords } from "../app/contract.js";
import type { RecordKind } from "../app/input-kinds.js";
import type { RecordPlace, Split } from "../rpc/protocol.js";
import { BadRecordError } from "./bad-record-error.js";
import { linesIn, wholeFile, type ByteSource } from "./byte-source.js";
import { ChunkReader } from "./chunk-reader.js";
import type { CsvHeader } from "./csv-reader.js";
import type { Warn } from "./input-handle.js";
import { FirstOffsetReader } from "./first-offset-reader.js";
import { JsonReader } from "./json-reader.js";
import { LineBytesReader, LineReader } from "./line-readers.js";
import { lineNumber } from "./line-number.js";
import { PairReader } from "./pair-reader.js";
import type { RecordReader } from "./record-reader.js";
import { SkippingReader } from "./skipping-reader.js";
import { TextReader } from "./text-reader.js";
import { WholeBytesReader, WholeTextReader } from "./whole-reader.js";

/** What an app says about its records. */
export interface RecordFormat {
  readonly input: RecordKind;
  /** Of `"csv"`. */
  readonly csv?: CsvOptions | undefined;
  /** Of `"jsonl"` and `"pairs"`. */
  readonly jsonl?: JsonlOptions | undefined;
  /** Of an app that has a reader of its own. */
  readonly readRecords?: ReadRecords | undefined;
}

/** Where a map attempt has its records from; it opens one of the two. */
export interface RecordSource {
  readonly split: Split;
  /** Throws what opening throws. `context` is for the app's own reader. */
  openValues(context: ReadContext): Promise<RecordReader<unknown>>;
  openBytes(): Promise<RecordReader<Uint8Array>>;
  /** The records that were left out so far. */
  readonly skipped: readonly RecordPlace[];
  /** What the user must hear of the file that was read so far. */
  readonly warnings: readonly string[];
  /** The error to be shown for a bad record: with the file and, if there are lines in it, the line. */
  describe(error: BadRecordError): Promise<Error>;
}

/** The records of a split, without those that begin at the offsets in `skip`. */
export function sourceOfSplit(split: Split, format: RecordFormat, skip: readonly number[] = []): RecordSource {
  const skipped: RecordPlace[] = [];
  const warnings: string[] = [];
  const warn = (warning: string) => {
    if (!warnings.includes(warning)) warnings.push(warning);
  };
  const offsets = new Set(skip);
  const leavingOut = <Value>(reader: RecordReader<Value>): RecordReader<Value> => {
    if (offsets.size === 0) return reader;
    return new SkippingReader(
      reader,
      (offset) => offsets.has(offset),
      (place) => skipped.push(place),
    );
  };
  return {
    split,
    skipped,
    warnings,
    openValues: async (context) => leavingOut(await openValues(split, format, context, warn)),
    // What an app does with the bytes of a whole file need not have to do with text.
    openBytes: () => {
      const source = sourceOf(split, format, format.input !== "file", warn);
      return Promise.resolve(leavingOut(bytesIn(source, format)));
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
  if (format.readRecords === undefined) return valuesIn(sourceOf(split, format, true, warn), split, format);
  const { OwnReader } = await import("./own-reader.js");
  return new OwnReader(split, format.readRecords, context, warn);
}

async function describe(error: BadRecordError, split: Split, { input }: RecordFormat): Promise<Error> {
  const place = input === "file" ? split.file : `${split.file}, line ${await lineNumber(split, error.offset)}`;
  return new BadRecordError(error.offset, error.endOffset, `${place}: ${error.message}`, { cause: error.cause });
}

function sourceOf(split: Split, { input }: RecordFormat, refusesBinary: boolean, warn: Warn): ByteSource {
  return input === "file" ? wholeFile(split, refusesBinary, warn) : linesIn(split, warn);
}

/**
 * The records in some bytes, as values. In strings, bytes that are not UTF-8 become U+FFFD. `header` is that of
 * a CSV file when the source is not its beginning.
 */
export async function valuesIn(
  source: ByteSource,
  split: Pick<Split, "file">,
  format: RecordFormat,
  header?: CsvHeader,
): Promise<RecordReader<unknown>> {
  return fromFirstOffset(await readerOfValues(source, split, format, header), source);
}

async function readerOfValues(
  source: ByteSource,
  { file }: Pick<Split, "file">,
  { input, csv = {}, jsonl = {} }: RecordFormat,
  header: CsvHeader | undefined,
): Promise<RecordReader<unknown>> {
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
      // Most jobs do without the parser, and need not load it.
      return (await import("./csv-reader.js")).openCsv(source, file, csv, header);
    case "own":
      throw new Error("an app's own reader is given a file, and not its bytes");
  }
}

/** The records in some bytes, as bytes. */
export function bytesIn(source: ByteSource, { input }: RecordFormat): RecordReader<Uint8Array> {
  if (input === "file") return new WholeBytesReader(source);
  return fromFirstOffset(input === "lines" ? new LineBytesReader(source) : new ChunkReader(source), source);
}

/** The first record of a file begins at its byte order mark. */
function fromFirstOffset<Value>(reader: RecordReader<Value>, { start, firstOffset }: ByteSource): RecordReader<Value> {
  return start === firstOffset ? reader : new FirstOffsetReader(reader, start, firstOffset);
}
