/**
 * Cuts the bytes of a CSV file into rows, and finds what is wrong with malformed ones.
 *
 * A malformed row ends where its first line ends, and the next row begins there: a quote too many costs one line, not all
 * rows up to the next quote. When the quotes of a row are still open at the end of the chunk, the row is read again together with
 * more of the file.
 *
 * Where a row ends depends only on the bytes from its own beginning, never on how the file comes in chunks. That is what
 * lets a file be read from the beginning of any of its rows (`csv-splits.ts`).
 */
import { isAscii, isUtf8 } from "node:buffer";
import type { ByteSource } from "./byte-source.js";
import { ChunkReader } from "./chunk-reader.js";
import {
  characterAfterQuote,
  CsvRowParser,
  invalidClosingQuote,
  invalidOpeningQuote,
  quoteNotClosed,
} from "./csv-row-parser.js";
import { CsvRowScanner, doubledQuotes, irregular, nonAscii, unfinished } from "./csv-row-scanner.js";
import type { CsvSyntax } from "./csv-syntax.js";

const [tab, newline, carriageReturn, dosEndOfFile, space] = [0x09, 0x0a, 0x0d, 0x1a, 0x20];

/** A longer row is malformed: with a quote that is never closed, the rest of the file would be one. */
export const rowBytesMax = 16 * 2 ** 20;

const tooLong = `a row of more than ${rowBytesMax} bytes (is a quote not closed?)`;

const faults: Readonly<Record<number, string>> = {
  [quoteNotClosed]: "a quote is not closed",
  [invalidClosingQuote]: "a closing quote is not followed by a delimiter (is it meant to be doubled?)",
  [characterAfterQuote]: "a closing quote is not followed by a delimiter",
  [invalidOpeningQuote]: "there is a quote in a field that does not begin with one",
};

/** Where the rows of a file begin, and how they are written. */
export interface CsvRowsOptions {
  readonly syntax: CsvSyntax;
  /** How many bytes of the source come before the first row. */
  readonly headBytes: number;
  /** Usual length of a chunk. */
  readonly chunkBytes?: number | undefined;
}

export class CsvRows {
  readonly #chunks: ChunkReader;
  readonly #syntax: CsvSyntax;
  readonly #scanner: CsvRowScanner | undefined;
  readonly #parser: CsvRowParser;
  readonly #delimiterByte: number;
  /** The first byte of a quote; -1 when no field is in quotes. */
  readonly #quoteByte: number;
  readonly #quote: string;
  readonly #firstChunk: number;
  readonly #headBytes: number;
  #bytes: Buffer = Buffer.alloc(0);
  #isUtf8 = true;
  /** The chunk as Latin-1, one character for each byte; undefined as long as nobody has asked for it. */
  #text: string | undefined;
  /** Where in the file the chunk begins. */
  #chunkOffset: number;
  /** Rows of the chunk are read up to `#at`; the last one ends at `#end`. Both are places in the chunk. */
  #at = 0;
  #end = 0;
  #start = 0;
  /** Set when a row is longer than a row may be: more of the file does not help. */
  #isTooLong = false;
  /** Whether the scanner has found the fields of the row, and not the parser. */
  #isScanned = false;
  /** Whether a line of white space is a row, since the file has a single column. */
  hasWhiteRows = false;
  /** What is wrong with the row; undefined when nothing is. */
  fault: string | undefined;

  constructor(source: ByteSource, { syntax, headBytes, chunkBytes }: CsvRowsOptions) {
    const { delimiter, quote, endsAtReturn } = syntax;
    this.#syntax = syntax;
    this.#scanner = CsvRowScanner.of(syntax);
    this.#parser = new CsvRowParser(syntax);
    this.#delimiterByte = delimiter[0] ?? -1;
    this.#quoteByte = quote?.[0] ?? -1;
    this.#quote = quote?.toString() ?? "";
    this.#chunks = new ChunkReader(source, { maxBytes: rowBytesMax, endsAtReturn, chunkBytes });
    this.#firstChunk = source.start;
    this.#headBytes = headBytes;
    this.#chunkOffset = source.start;
  }

  /** Where the row begins in the file. */
  get offset(): number {
    return this.#chunkOffset + this.#start;
  }

  /** Where it ends, its line ending included. */
  get endOffset(): number {
    return this.#chunkOffset + this.#at;
  }

  /** Goes on to the next row, over empty lines and comments. As `RecordReader.next`, but malformed rows have a `fault`. */
  next(): boolean | Promise<boolean> {
    for (;;) {
      if (this.#readRow()) return true;
      const isThere = this.#nextChunk();
      if (typeof isThere !== "boolean") return isThere.then((isThere) => isThere && this.next());
      if (!isThere) return false;
    }
  }

  /**
   * Goes to the first place at `position` or behind it where a row can begin, and returns it; the end of the source when
   * there is none. Runs over rows without a look at their fields. Throws a BadRecordError for a line that is too long;
   * called again, it goes on behind it.
   */
  skipTo(position: number): number | Promise<number> {
    for (;;) {
      if (this.endOffset >= position) return this.endOffset;
      if (this.#at < this.#end) this.#skipRowsWithoutQuotes(position);
      if (this.endOffset >= position) return this.endOffset;
      if (this.#readRow()) continue;
      const isThere = this.#nextChunk();
      if (typeof isThere !== "boolean") {
        return isThere.then((isThere) => (isThere ? this.skipTo(position) : this.endOffset));
      }
      if (!isThere) return this.endOffset;
    }
  }

  /** How many fields the row has. */
  get count(): number {
    return this.#isScanned ? (this.#scanner?.count ?? 0) : this.#parser.fields.length;
  }

  /** The scanner when all fields are slices of `text` by its `starts` and `ends`; undefined when they are not. */
  get slices(): CsvRowScanner | undefined {
    return this.#isScanned && this.#scanner?.isPlain === true ? this.#scanner : undefined;
  }

  /** The chunk that the row is in, one character for each byte. */
  get text(): string {
    return (this.#text ??= this.#bytes.toString("latin1", 0, this.#end));
  }

  /** The fields of the row. */
  fields(): string[] {
    const scanner = this.#scanner;
    if (!this.#isScanned || scanner === undefined) return this.#parser.fields;
    const { starts, ends, marks, count } = scanner;
    const fields: string[] = [];
    for (let n = 0; n < count; n++) {
      const [start, end, mark] = [starts[n] ?? 0, ends[n] ?? 0, marks[n] ?? 0];
      const field = (mark & nonAscii) === 0 ? this.text.slice(start, end) : this.#bytes.toString("utf8", start, end);
      const hasDoubled = (mark & doubledQuotes) !== 0;
      fields.push(hasDoubled ? field.replaceAll(this.#quote + this.#quote, this.#quote) : field);
    }
    return fields;
  }

  isUtf8(): boolean {
    return this.#isUtf8 || isUtf8(this.#bytes.subarray(this.#start, this.#at));
  }

  close(): void | Promise<void> {
    return this.#chunks.close();
  }

  /** False when the chunk has no more row, or only the beginning of one. */
  #readRow(): boolean {
    for (;;) {
      const start = this.#rowStart(this.#at);
      this.#at = start;
      if (start >= this.#end) return false;
      let rowEnd = this.#scanner?.scan(this.#bytes, start, this.#end) ?? irregular;
      this.#isScanned = rowEnd >= 0;
      if (rowEnd === irregular) rowEnd = this.#parser.parse(this.#bytes, start, this.#end);
      else if (rowEnd === unfinished) rowEnd = quoteNotClosed;
      if (rowEnd >= 0) {
        this.#at = rowEnd;
        // The parser has found a comment, or white space that is trimmed.
        if (this.count === 0) continue;
        this.fault = undefined;
      } else {
        if (rowEnd === quoteNotClosed && !this.#isTooLong && !this.#chunks.isLast) return false;
        this.fault = this.#isTooLong && rowEnd === quoteNotClosed ? tooLong : faults[rowEnd];
        this.#at = this.#lineEnd(start);
      }
      this.#start = start;
      return true;
    }
  }

  /** Goes on to the next chunk, with the row that the last one has the beginning of. False when there is none. */
  #nextChunk(): boolean | Promise<boolean> {
    const begunBytes = this.#end - this.#at;
    if (begunBytes > 0) this.#chunks.keep(this.#at);
    const isThere = this.#chunks.next(begunBytes);
    if (typeof isThere !== "boolean") return isThere.then((isThere) => isThere && this.#beginChunk(begunBytes));
    return isThere && this.#beginChunk(begunBytes);
  }

  #beginChunk(begunBytes: number): true {
    const { value, offset, isLast } = this.#chunks;
    this.#bytes = value;
    this.#isUtf8 = isAscii(value) || isUtf8(value);
    this.#text = undefined;
    this.#chunkOffset = offset;
    this.#at = offset === this.#firstChunk ? this.#headBytes : 0;
    this.#end = value.length;
    if (isLast) while (this.#end > this.#at && value[this.#end - 1] === dosEndOfFile) this.#end -= 1;
    // The chunk cannot grow.
    this.#isTooLong = begunBytes > 0 && value.length <= begunBytes && !isLast;
    return true;
  }

  /** Skips rows up to `position`, or to the row with the next quote. */
  #skipRowsWithoutQuotes(position: number): void {
    const { endsAtReturn } = this.#syntax;
    if (endsAtReturn) return;
    const found = this.#quoteByte < 0 ? -1 : this.#bytes.indexOf(this.#quoteByte, this.#at);
    const limit = found < 0 || found >= this.#end ? this.#end : this.#bytes.lastIndexOf(newline, found) + 1;
    const wanted = position - this.#chunkOffset;
    if (wanted > limit) this.#at = Math.max(this.#at, limit);
    else this.#at = this.#lineEnd(wanted - 1);
  }

  /** Where the row begins that comes at `from`, behind empty lines, comments, and lines of white space that are no rows. */
  #rowStart(from: number): number {
    const { comment } = this.#syntax;
    let start = from;
    while (start < this.#end) {
      let end = -1;
      if (comment !== undefined && this.#bytes.subarray(start, start + comment.length).equals(comment)) {
        end = this.#lineEnd(start);
      } else if ((this.#bytes[start] ?? 0) <= space) end = this.#blankLineEnd(start);
      if (end < 0) break;
      start = end;
    }
    return start;
  }

  /** Where the line at `start` ends if it is empty or of white space, and so no row; -1 if it is a row. */
  #blankLineEnd(start: number): number {
    const bytes = this.#bytes;
    for (let at = start; at < this.#end; at++) {
      const byte = bytes[at];
      if (byte === newline || (byte === carriageReturn && this.#syntax.endsAtReturn)) return this.#lineEnd(at);
      if (byte === carriageReturn) continue;
      const isWhite = byte === space || byte === tab || byte === dosEndOfFile;
      if (!isWhite || this.hasWhiteRows || byte === this.#delimiterByte || byte === this.#quoteByte) return -1;
    }
    return this.#end;
  }

  /** Where the line ends that `from` is in. */
  #lineEnd(from: number): number {
    const bytes = this.#bytes;
    const found = bytes.indexOf(newline, from);
    const end = found < 0 ? this.#end : Math.min(this.#end, found + 1);
    if (!this.#syntax.endsAtReturn) return end;
    const foundReturn = bytes.subarray(from, end).indexOf(carriageReturn);
    if (foundReturn < 0) return end;
    const next = from + foundReturn + 1;
    return next < end && bytes[next] === newline ? next + 1 : next;
  }
}
