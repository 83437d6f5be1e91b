/**
 * Cuts the bytes of a CSV file into rows, and finds what is wrong with malformed ones.
 *
 * A malformed row ends where its first line ends, and the next row begins there, so one quote too many costs one line
 * and not all rows up to the next quote. If the quotes of a row are still open at the end of a chunk, the row is read
 * again with more of the file.
 *
 * The end of a row depends only on the bytes from its own beginning, never on how the file is divided into chunks. A
 * reader can therefore begin with any row (`csv-splits.ts`).
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

/** A longer row is malformed. Otherwise a quote that is never closed would make one row of the rest of the file. */
export const rowBytesMax = 16 * 2 ** 20;

const tooLong = `a row of more than ${rowBytesMax} bytes (is a quote not closed?)`;

const faults: Readonly<Record<number, string>> = {
  [quoteNotClosed]: "a quote is not closed",
  [invalidClosingQuote]: "a closing quote is not followed by a delimiter (is it meant to be doubled?)",
  [characterAfterQuote]: "a closing quote is not followed by a delimiter",
  [invalidOpeningQuote]: "there is a quote in a field that does not begin with one",
};

/** How to read the rows of a source. */
export interface CsvRowsOptions {
  readonly syntax: CsvSyntax;
  /** The number of bytes before the first row. */
  readonly headBytes: number;
  /** The usual length of a chunk. */
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
  /** The chunk as Latin-1, with one character per byte; undefined until it is needed. */
  #text: string | undefined;
  /** The offset of a quote in the chunk; -1 before the first search. */
  #quoteAt = -1;
  /** The offset of the chunk in the file. */
  #chunkOffset: number;
  /** The end of the current row, and of the last row. These are offsets in the chunk, and so is `#start`. */
  #at = 0;
  #end = 0;
  #start = 0;
  /** Whether the row at `#at` exceeds the maximum, so that more of the file does not help. */
  #isTooLong = false;
  /** Whether the scanner found the fields of the row, not the parser. */
  #isScanned = false;
  /** Whether a line of white space is a row, because the file has a single column. */
  hasWhiteRows = false;
  /** Describes the fault of a malformed row; undefined for a sound one. */
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

  /** The offset of the row in the file. */
  get offset(): number {
    return this.#chunkOffset + this.#start;
  }

  /** The end of the row, including its line ending. */
  get endOffset(): number {
    return this.#chunkOffset + this.#at;
  }

  /** Advances to the next row, past empty lines and comments. As `RecordReader.next`, but malformed rows have a `fault`. */
  next(): boolean | Promise<boolean> {
    for (;;) {
      if (this.#readRow()) return true;
      const isThere = this.#nextChunk();
      if (typeof isThere !== "boolean") return isThere.then((isThere) => isThere && this.next());
      if (!isThere) return false;
    }
  }

  /**
   * Advances to the first offset, `position` or greater, where a row can begin, and returns it; at the end of the source,
   * returns the end. Skips rows without finding their fields where it can. Throws a BadRecordError for a line that is too
   * long; the next call continues after this line.
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

  /** The number of fields in the row. */
  get count(): number {
    return this.#isScanned ? (this.#scanner?.count ?? 0) : this.#parser.fields.length;
  }

  /** The scanner, if its `starts` and `ends` cut all fields from `text`; otherwise undefined. */
  get slices(): CsvRowScanner | undefined {
    return this.#isScanned && this.#scanner?.isPlain === true ? this.#scanner : undefined;
  }

  /** The chunk with the row, as one character per byte. */
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

  /** Returns false if the chunk has no more rows, or only the beginning of one. */
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
        // A comment, or white space that `trim` removes.
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

  /** Reads the next chunk, together with an unfinished row of this one. Returns false at the end of the source. */
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
    this.#quoteAt = -1;
    this.#chunkOffset = offset;
    this.#at = offset === this.#firstChunk ? this.#headBytes : 0;
    this.#end = value.length;
    if (isLast) while (this.#end > this.#at && value[this.#end - 1] === dosEndOfFile) this.#end -= 1;
    // The chunk has reached its maximum and did not grow.
    this.#isTooLong = begunBytes > 0 && value.length <= begunBytes && !isLast;
    return true;
  }

  /** Skips to the row with the next quote, but not past `position`. */
  #skipRowsWithoutQuotes(position: number): void {
    const { endsAtReturn } = this.#syntax;
    if (endsAtReturn) return;
    const quoteAt = this.#nextQuote();
    const limit = quoteAt >= this.#end ? this.#end : this.#bytes.lastIndexOf(newline, quoteAt) + 1;
    const wanted = position - this.#chunkOffset;
    if (wanted > limit) this.#at = Math.max(this.#at, limit);
    else this.#at = this.#lineEnd(wanted - 1);
  }

  /** Returns the offset of the first quote from `#at` on; Infinity without one in the chunk. */
  #nextQuote(): number {
    if (this.#quoteAt < this.#at) {
      const found = this.#quoteByte < 0 ? -1 : this.#bytes.indexOf(this.#quoteByte, this.#at);
      this.#quoteAt = found < 0 ? Infinity : found;
    }
    return this.#quoteAt;
  }

  /** Returns the start of the next row, after empty lines, comments, and lines of white space that are not rows. */
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

  /** Returns the end of the line at `start` if it is blank and therefore not a row; -1 if it is a row. */
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

  /** Returns the end of the line that contains `from`. */
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
