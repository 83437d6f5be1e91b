/** The rows of a CSV file as objects. */
import type { CsvOptions } from "../app/contract.js";
import type { Split } from "../model/split.js";
import { BadRecordError } from "./bad-record-error.js";
import { linesIn, type ByteSource } from "./byte-source.js";
import { readDialect, type CsvDialect } from "./csv-dialect.js";
import { rowMaker, type CsvRow, type RowMaker } from "./csv-row.js";
import { CsvRows, rowBytesMax } from "./csv-rows.js";
import { csvSyntax } from "./csv-syntax.js";
import { notUtf8 } from "./json-reader.js";
import type { RecordReader } from "./record-reader.js";
import { UnreadableInputError } from "./unreadable-input-error.js";

/** What only the beginning of a file determines. */
export interface CsvHeader {
  readonly dialect: CsvDialect;
  /** Empty when the file has no row. */
  readonly columns: readonly string[];
}

/** A source of CSV rows. */
export interface CsvSource {
  readonly source: ByteSource;
  /** The name of its file. */
  readonly file: string;
  readonly options: CsvOptions;
  /** The reader ends before the first row that begins at this offset of the file or after it. */
  readonly endBytes?: number | undefined;
  /** The usual length of a chunk. */
  readonly chunkBytes?: number | undefined;
}

/**
 * Opens a file, or some of its rows when its header is known. If the beginning of the source cannot be read, closes the
 * source and throws what reading throws.
 */
export async function openCsv(opened: CsvSource, header?: CsvHeader): Promise<CsvReader> {
  if (header !== undefined) return new CsvReader(opened, { ...header.dialect, headBytes: 0 }, header.columns);
  const { source, file, options } = opened;
  try {
    const read = await readDialect(source, file, options, rowBytesMax);
    const columns = options.header === true ? undefined : options.columns;
    return new CsvReader({ ...opened, source: read.source }, read.dialect, columns);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Reads the header of a file, for a reader of rows elsewhere in it. Throws what opening and reading the file throws. */
export async function csvHeaderOf(file: Split, options: CsvOptions): Promise<CsvHeader> {
  const all = { ...file, startBytes: 0, endBytes: Number.MAX_SAFE_INTEGER };
  const reader = await openCsv({ source: linesIn(all), file: file.file, options });
  try {
    return await reader.header();
  } finally {
    await reader.close();
  }
}

export class CsvReader implements RecordReader<CsvRow> {
  readonly #file: string;
  readonly #options: CsvOptions;
  readonly #dialect: CsvDialect;
  readonly #rows: CsvRows;
  readonly #endBytes: number;
  /** Undefined before the header is read. */
  #columns: readonly string[] | undefined;
  #makeRow: RowMaker | undefined;
  value: CsvRow = {};

  /** `columns` is undefined when the first row of the source is the header. */
  constructor(
    { source, file, options, endBytes = Infinity, chunkBytes }: CsvSource,
    dialect: CsvDialect,
    columns: readonly string[] | undefined,
  ) {
    this.#file = file;
    this.#options = options;
    this.#dialect = dialect;
    this.#endBytes = endBytes;
    const { headBytes } = dialect;
    this.#rows = new CsvRows(source, { syntax: csvSyntax(options, dialect), headBytes, chunkBytes });
    if (columns !== undefined) this.#setColumns(columns);
  }

  get offset(): number {
    return this.#rows.offset;
  }

  get endOffset(): number {
    return this.#rows.endOffset;
  }

  /** Returns the header, after reading it if necessary. */
  async header(): Promise<CsvHeader> {
    if (this.#columns === undefined && (await this.#rows.next())) this.#readHeader();
    return { dialect: this.#dialect, columns: this.#columns ?? [] };
  }

  next(): boolean | Promise<boolean> {
    for (;;) {
      if (this.#rows.endOffset >= this.#endBytes) return false;
      const isThere = this.#rows.next();
      if (typeof isThere !== "boolean") return isThere.then((isThere) => isThere && (this.#takeRow() ?? this.next()));
      if (!isThere) return false;
      const isTaken = this.#takeRow();
      if (isTaken !== undefined) return isTaken;
    }
  }

  again(): CsvRow | undefined {
    return this.#makeRow && this.#made(this.#makeRow);
  }

  /** As `CsvRows.skipTo`. */
  skipTo(position: number): number | Promise<number> {
    return this.#rows.skipTo(position);
  }

  close(): void | Promise<void> {
    return this.#rows.close();
  }

  /** Whether the row is a record; undefined when it is the header. */
  #takeRow(): boolean | undefined {
    const rows = this.#rows;
    if (rows.offset >= this.#endBytes) return false;
    if (this.#columns === undefined) {
      this.#readHeader();
      return undefined;
    }
    if (rows.fault !== undefined) throw new BadRecordError(rows.offset, rows.endOffset, rows.fault);
    if (!rows.isUtf8()) throw notUtf8(rows.offset, rows.endOffset);
    if (rows.count !== this.#columns.length) throw this.#wrongCount(this.#columns.length);
    this.#makeRow ??= rowMaker(this.#columns);
    this.value = this.#made(this.#makeRow);
    return true;
  }

  #made(makeRow: RowMaker): CsvRow {
    const rows = this.#rows;
    const { slices } = rows;
    return slices === undefined
      ? makeRow.fromFields(rows.fields())
      : makeRow.fromSlices(rows.text, slices.starts, slices.ends);
  }

  #readHeader(): void {
    const { fault } = this.#rows;
    if (fault !== undefined) throw this.#badHeader(fault);
    const names = this.#options.columns ?? this.#rows.fields();
    const seen = new Set<string>();
    const twice = names.find((name) => seen.size === seen.add(name).size);
    if (twice !== undefined) throw this.#badHeader(`two columns are called ${JSON.stringify(twice)}`);
    if (!this.#rows.isUtf8()) throw this.#badHeader("it is not UTF-8");
    this.#setColumns(names);
  }

  #setColumns(columns: readonly string[]): void {
    this.#columns = columns;
    this.#rows.hasWhiteRows = columns.length === 1 && this.#options.trim !== true;
  }

  #wrongCount(columns: number): BadRecordError {
    const { count, offset, endOffset } = this.#rows;
    const fields = `${count} ${count === 1 ? "field" : "fields"}`;
    return new BadRecordError(offset, endOffset, `a row of ${fields}, and there are ${columns} columns`);
  }

  #badHeader(why: string): UnreadableInputError {
    return new UnreadableInputError(
      `${this.#file}: its first row cannot be its header: ${why}; ` +
        "the app can say what the columns are: export const csv = { columns: [...] }",
    );
  }
}
