/**
 * The rows of a CSV file as objects.
 *
 * `csv-parse` is given blocks of whole lines, one call each. What it says about a row that it cannot read leaves open where
 * the next one begins, and its own way of going on takes over the state that it is in: one quote too many and all
 * rows up to the next quote are gone. So here a malformed row ends where its first line ends, and parsing begins
 * anew behind it. A row whose quotes are still open at the end of a block comes again with the next block.
 */
import { isUtf8 } from "node:buffer";
import { CsvError, parse } from "csv-parse/sync";
import type { CsvOptions } from "../app/contract.js";
import { BadRecordError } from "./bad-record-error.js";
import type { ByteSource } from "./byte-source.js";
import { ChunkReader } from "./chunk-reader.js";
import { notUtf8 } from "./json-reader.js";
import type { RecordReader } from "./record-reader.js";
import { UnreadableInputError } from "./unreadable-input-error.js";

const newline = 0x0a;

/** A longer row is a bad record; with a quote that is never closed, the rest of the file would be one. */
const rowBytesMax = 16 * 2 ** 20;

/** One row, by the names of the columns. */
export type CsvRow = Record<string, string>;

const faults: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "a quote is not closed",
  CSV_INVALID_CLOSING_QUOTE: "a closing quote is not followed by a delimiter (is it meant to be doubled?)",
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: "a closing quote is not followed by a delimiter",
  INVALID_OPENING_QUOTE: "there is a quote in a field that does not begin with one",
};

export class CsvReader implements RecordReader<CsvRow> {
  readonly #file: string;
  readonly #options: CsvOptions;
  readonly #chunks: ChunkReader;
  /** The chunk is read up to here: a place in the file. */
  #at: number;
  #isUtf8 = true;
  /** Rows of the chunk, where each ends, how many of them were handed out, and what is wrong with the one after them. */
  #rows: string[][] = [];
  #ends: number[] = [];
  #handed = 0;
  #fault: string | undefined;
  /** Undefined before the header is read. */
  #columns: readonly string[] | undefined;
  value: CsvRow = {};
  offset = 0;
  endOffset = 0;

  /** `columns` are known when the source has no header any more. */
  constructor(source: ByteSource, file: string, options: CsvOptions, columns?: readonly string[]) {
    this.#file = file;
    this.#options = options;
    this.#columns = columns ?? (options.header === true ? undefined : options.columns);
    this.#chunks = new ChunkReader(source, { maxBytes: rowBytesMax });
    this.#at = source.start;
  }

  /** Reads the header, if that was not done yet, and says how the columns are called. None when there is no row. */
  async columns(): Promise<readonly string[]> {
    if (this.#columns === undefined) await this.next();
    return this.#columns ?? [];
  }

  next(): boolean | Promise<boolean> {
    for (;;) {
      if (this.#handed < this.#rows.length) {
        this.#takeRow();
        if (this.#isHeader()) continue;
        this.#makeValue();
        return true;
      }
      const unfinished = this.#chunks.endOffset - this.#at;
      if (this.#fault !== undefined && !this.#mayGoOn(unfinished)) this.#throwFault();
      if (this.#fault === undefined && unfinished > 0) {
        this.#parse();
        continue;
      }
      this.#fault = undefined;
      this.#chunks.keep(this.#at - this.#chunks.offset);
      const isThere = this.#chunks.next(unfinished);
      if (typeof isThere !== "boolean") {
        return isThere.then((isThere) => {
          if (!isThere) return false;
          this.#beginChunk(unfinished);
          return this.next();
        });
      }
      if (!isThere) return false;
      this.#beginChunk(unfinished);
    }
  }

  close(): void | Promise<void> {
    return this.#chunks.close();
  }

  /** `unfinished` is how much of the chunk has been seen before, as a row that was not whole. */
  #beginChunk(unfinished: number): void {
    const { value, offset } = this.#chunks;
    this.#isUtf8 = isUtf8(value);
    this.#at = offset;
    // There is no more of it, since it is too long.
    if (unfinished > 0 && value.length <= unfinished && !this.#chunks.isLast)
      this.#fault = `a row of more than ${rowBytesMax} bytes (is a quote not closed?)`;
  }

  /** Whether the row at fault may be right with more of the file. */
  #mayGoOn(unfinished: number): boolean {
    return this.#fault === faults["CSV_QUOTE_NOT_CLOSED"] && !this.#chunks.isLast && unfinished < rowBytesMax;
  }

  #parse(): void {
    const { delimiter = ",", quote = '"', comment, trim = false, relaxQuotes = false } = this.#options;
    const { escape = quote === false ? '"' : quote } = this.#options;
    const start = this.#at;
    this.#rows = [];
    this.#ends = [];
    this.#handed = 0;
    try {
      parse(this.#chunks.value.subarray(start - this.#chunks.offset), {
        delimiter,
        quote,
        escape,
        ...(comment === undefined ? {} : { comment, comment_no_infix: true }),
        trim,
        relax_quotes: relaxQuotes,
        relax_column_count: true,
        skip_empty_lines: true,
        record_delimiter: ["\r\n", "\n"],
        on_record: (row: string[], { bytes }) => {
          this.#rows.push(row);
          this.#ends.push(start + bytes);
          return null;
        },
      });
      this.#at = this.#chunks.endOffset;
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      this.#fault = faults[error.code] ?? error.message;
      this.#at = this.#ends.at(-1) ?? start;
    }
    this.endOffset = start;
  }

  #takeRow(): void {
    this.offset = this.#rowStart(this.endOffset);
    this.endOffset = this.#ends[this.#handed] ?? 0;
    this.#handed += 1;
  }

  /** Takes the first row for the header, unless that is known. */
  #isHeader(): boolean {
    if (this.#columns !== undefined) return false;
    const names = this.#options.columns ?? this.#row();
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw this.#badHeader(`two columns are called ${JSON.stringify(twice)}`);
    if (!this.#isValidUtf8()) throw this.#badHeader("it is not UTF-8");
    this.#columns = names;
    return true;
  }

  #makeValue(): void {
    const { offset, endOffset } = this;
    if (!this.#isValidUtf8()) throw notUtf8(offset, endOffset);
    const row = this.#row();
    const columns = this.#columns ?? [];
    if (row.length !== columns.length) {
      const fields = `${row.length} ${row.length === 1 ? "field" : "fields"}`;
      throw new BadRecordError(offset, endOffset, `a row of ${fields}, and there are ${columns.length} columns`);
    }
    this.value = objectOf(columns, row);
  }

  #row(): readonly string[] {
    return this.#rows[this.#handed - 1] ?? [];
  }

  #isValidUtf8(): boolean {
    return this.#isUtf8 || isUtf8(this.#bytes(this.offset, this.endOffset));
  }

  #throwFault(): never {
    const fault = this.#fault ?? "";
    const start = this.#rowStart(this.#at);
    this.#at = this.#lineEnd(start);
    this.#fault = undefined;
    if (this.#columns === undefined) throw this.#badHeader(fault);
    throw new BadRecordError(start, this.#at, fault);
  }

  #badHeader(why: string): UnreadableInputError {
    return new UnreadableInputError(
      `${this.#file}: its first row cannot be its header: ${why}; ` +
        "the app can say what the columns are: export const csv = { columns: [...] }",
    );
  }

  /** Where the row begins that comes at `from`, behind empty lines and comments. */
  #rowStart(from: number): number {
    const { comment } = this.#options;
    let start = from;
    for (; start < this.#chunks.endOffset; start = this.#lineEnd(start)) {
      const line = this.#bytes(start, this.#lineEnd(start));
      const isEmpty = line[0] === newline || (line[0] === 0x0d && line[1] === newline);
      const isComment =
        comment !== undefined && line.subarray(0, Buffer.byteLength(comment)).equals(Buffer.from(comment));
      if (!isEmpty && !isComment) break;
    }
    return start;
  }

  /** Where the line ends that `from` is in. */
  #lineEnd(from: number): number {
    const { value, offset, endOffset } = this.#chunks;
    const found = value.indexOf(newline, from - offset);
    return found < 0 ? endOffset : offset + found + 1;
  }

  #bytes(start: number, end: number): Buffer {
    const { value, offset } = this.#chunks;
    return value.subarray(start - offset, end - offset);
  }
}

function objectOf(columns: readonly string[], row: readonly string[]): CsvRow {
  const object: CsvRow = {};
  for (let index = 0; index < columns.length; index++) {
    const name = columns[index] ?? "";
    const value = row[index] ?? "";
    if (name !== "__proto__") object[name] = value;
    else Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return object;
}
