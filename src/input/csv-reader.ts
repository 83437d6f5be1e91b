/**
 * The rows of a CSV file as objects.
 *
 * The reader gives `csv-parse` blocks of whole lines, one call each. When `csv-parse` cannot read a row, it does not tell
 * where the next one begins, and its own recovery keeps the state it is in: after one quote too many, it loses all rows up
 * to the next quote. So here a malformed row ends where its first line ends, and the reader starts a new parse behind it. It
 * reads a row whose quotes are still open at the end of a block again, together with the next block.
 */
import { isUtf8 } from "node:buffer";
import { CsvError, parse } from "csv-parse/sync";
import type { CsvOptions } from "../app/contract.js";
import { BadRecordError } from "./bad-record-error.js";
import type { ByteSource } from "./byte-source.js";
import { ChunkReader } from "./chunk-reader.js";
import { readDialect, type CsvDialect } from "./csv-dialect.js";
import { rowMaker, type CsvRow, type RowMaker } from "./csv-row.js";
import { notUtf8 } from "./json-reader.js";
import type { RecordReader } from "./record-reader.js";
import { UnreadableInputError } from "./unreadable-input-error.js";

const [tab, newline, carriageReturn, dosEndOfFile, space] = [0x09, 0x0a, 0x0d, 0x1a, 0x20];

/** A longer row is a bad record; with a quote that is never closed, the rest of the file would be one. */
const rowBytesMax = 16 * 2 ** 20;

const faults: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "a quote is not closed",
  CSV_INVALID_CLOSING_QUOTE: "a closing quote is not followed by a delimiter (is it meant to be doubled?)",
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: "a closing quote is not followed by a delimiter",
  INVALID_OPENING_QUOTE: "there is a quote in a field that does not begin with one",
};

/** What only the beginning of a file tells, and a single row does not. */
export interface CsvHeader {
  readonly dialect: CsvDialect;
  /** Empty when the file has no row. */
  readonly columns: readonly string[];
}

/**
 * Opens a file, or bytes of its rows when its header is known. Closes the source, and throws what reading throws, when its
 * beginning cannot be read.
 */
export async function openCsv(
  source: ByteSource,
  file: string,
  options: CsvOptions,
  header?: CsvHeader,
): Promise<CsvReader> {
  if (header !== undefined) {
    return new CsvReader(source, file, options, { ...header.dialect, headBytes: 0 }, header.columns);
  }
  try {
    const read = await readDialect(source, file, options, rowBytesMax);
    const columns = options.header === true ? undefined : options.columns;
    return new CsvReader(read.source, file, options, read.dialect, columns);
  } catch (error) {
    await source.close();
    throw error;
  }
}

export class CsvReader implements RecordReader<CsvRow> {
  readonly #file: string;
  readonly #options: CsvOptions;
  readonly #dialect: CsvDialect;
  readonly #chunks: ChunkReader;
  readonly #start: number;
  /** The chunk is read up to here, and goes up to there: places in the file. */
  #at: number;
  #end: number;
  #isUtf8 = true;
  /** Rows of the chunk, where each ends, how many of them were handed out, and what is wrong with the one after them. */
  #rows: string[][] = [];
  #ends: number[] = [];
  #handed = 0;
  #fault: string | undefined;
  /** Undefined before the header is read. */
  #columns: readonly string[] | undefined;
  #makeRow: RowMaker | undefined;
  value: CsvRow = {};
  offset = 0;
  endOffset = 0;

  /** `columns` is undefined when the first row of the source is the header. */
  constructor(
    source: ByteSource,
    file: string,
    options: CsvOptions,
    dialect: CsvDialect,
    columns: readonly string[] | undefined,
  ) {
    this.#file = file;
    this.#options = options;
    this.#dialect = dialect;
    this.#columns = columns;
    this.#chunks = new ChunkReader(source, { maxBytes: rowBytesMax, endsAtReturn: dialect.endsAtReturn });
    this.#start = source.start;
    this.#at = source.start;
    this.#end = source.start;
  }

  /** Reads the header, if that was not done yet. */
  async header(): Promise<CsvHeader> {
    if (this.#columns === undefined) await this.next();
    return { dialect: this.#dialect, columns: this.#columns ?? [] };
  }

  next(): boolean | Promise<boolean> {
    for (;;) {
      if (this.#handed < this.#rows.length) {
        this.#takeRow();
        // It was a line of white space.
        if (this.offset >= this.endOffset || this.#isHeader()) continue;
        this.#makeValue();
        return true;
      }
      const unfinished = this.#end - this.#at;
      if (this.#fault !== undefined && !this.#mayGoOn(unfinished)) this.#throwFault();
      if (this.#fault === undefined && unfinished > 0) {
        this.#parse();
        continue;
      }
      this.#fault = undefined;
      if (unfinished > 0) this.#chunks.keep(this.#at - this.#chunks.offset);
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
    this.#at = offset === this.#start ? offset + this.#dialect.headBytes : offset;
    this.#end = this.#chunks.endOffset;
    if (this.#chunks.isLast) while (this.#end > this.#at && value[this.#end - offset - 1] === dosEndOfFile) this.#end--;
    // The chunk has not grown: the row is too long.
    if (unfinished > 0 && value.length <= unfinished && !this.#chunks.isLast)
      this.#fault = `a row of more than ${rowBytesMax} bytes (is a quote not closed?)`;
  }

  /** Whether the row at fault may be right with more of the file. */
  #mayGoOn(unfinished: number): boolean {
    return this.#fault === faults["CSV_QUOTE_NOT_CLOSED"] && !this.#chunks.isLast && unfinished < rowBytesMax;
  }

  #parse(): void {
    const { quote = '"', comment, trim = false, relaxQuotes = false } = this.#options;
    const { escape = quote === false ? '"' : quote } = this.#options;
    const start = this.#at;
    this.#rows = [];
    this.#ends = [];
    this.#handed = 0;
    try {
      parse(this.#bytes(start, this.#end), {
        delimiter: this.#dialect.delimiter,
        quote,
        escape,
        ...(comment === undefined ? {} : { comment, comment_no_infix: true }),
        trim,
        relax_quotes: relaxQuotes,
        relax_column_count: true,
        skip_empty_lines: true,
        record_delimiter: this.#dialect.endsAtReturn ? ["\r\n", "\r", "\n"] : ["\r\n", "\n"],
        on_record: (row: string[], { bytes }) => {
          this.#rows.push(row);
          this.#ends.push(start + bytes);
          return null;
        },
      });
      this.#at = this.#end;
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
    const seen = new Set<string>();
    const twice = names.find((name) => seen.size === seen.add(name).size);
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
    this.#makeRow ??= rowMaker(columns);
    this.value = this.#makeRow(row);
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

  /** Where the row begins that comes at `from`, behind empty lines, comments, and lines of white space that are no rows. */
  #rowStart(from: number): number {
    const { comment } = this.#options;
    let start = from;
    while (start < this.#end) {
      const end = this.#lineEnd(start);
      const isComment =
        comment !== undefined && this.#bytes(start, start + Buffer.byteLength(comment)).equals(Buffer.from(comment));
      if (!isComment && !this.#isBlank(start, end)) break;
      start = end;
    }
    return start;
  }

  /**
   * Whether a line is no row, since it is empty or of white space. Where there is one column, white space is what is in it,
   * unless that is trimmed.
   */
  #isBlank(start: number, end: number): boolean {
    const { value, offset } = this.#chunks;
    const isField = this.#columns?.length === 1 && this.#options.trim !== true;
    const delimiter = this.#dialect.delimiter.charCodeAt(0);
    for (let at = start - offset; at < end - offset; at++) {
      const byte = value[at];
      if (byte === newline || byte === carriageReturn) continue;
      const isWhite = byte === space || byte === tab || byte === dosEndOfFile;
      if (!isWhite || isField || byte === delimiter) return false;
    }
    return true;
  }

  /** Where the line ends that `from` is in. */
  #lineEnd(from: number): number {
    const { value, offset } = this.#chunks;
    const found = value.indexOf(newline, from - offset);
    const end = found < 0 ? this.#end : Math.min(this.#end, offset + found + 1);
    if (!this.#dialect.endsAtReturn) return end;
    const foundReturn = this.#bytes(from, end).indexOf(carriageReturn);
    if (foundReturn < 0) return end;
    const next = from + foundReturn + 1;
    return next < end && value[next - offset] === newline ? next + 1 : next;
  }

  #bytes(start: number, end: number): Buffer {
    const { value, offset } = this.#chunks;
    return value.subarray(start - offset, end - offset);
  }
}
