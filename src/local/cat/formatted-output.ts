/** Records that are written as rows of another format. */
import type { RecordLayout } from "../../model/output-format.js";
import type { ReadRow } from "./cells.js";
import { ColumnFinder, type Columns } from "./columns.js";
import { csvRows, jsonRows, markdownRows, type RowFormat } from "./row-formats.js";
import type { StandardOutput } from "./standard-output.js";
import { TableRows } from "./table-rows.js";

/** The formats into which `mr cat` converts records. */
export type CatFormat = "table" | "markdown" | "json" | "csv";

/** Takes records, each with the way in which its file is read. */
export interface RecordOutput {
  /** Whether the reader has gone. */
  readonly isClosed: boolean;
  /** Adds a copy of a record; false when it must be flushed. */
  take(record: Buffer, read: ReadRow | undefined): boolean;
  /** Writes what was added, and the record for which `take` has just returned false. */
  flush(record?: Buffer): Promise<void>;
}

/** Only determines the columns. */
export class ColumnsOfOutput implements RecordOutput {
  readonly isClosed = false;
  readonly #finder: ColumnFinder;

  constructor(layout: RecordLayout) {
    this.#finder = new ColumnFinder(layout);
  }

  get columns(): Columns {
    return this.#finder.columns;
  }

  take(record: Buffer, read: ReadRow): boolean {
    this.#finder.add(read(record));
    return true;
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }
}

/** Formats for which all columns must be known before the first row. */
export type WholeFormat = Exclude<CatFormat, "table">;

/** Writes records in a format whose columns are known. */
export class FormattedOutput implements RecordOutput {
  readonly #format: RowFormat;
  readonly #out: StandardOutput;
  #pending = "";

  constructor(format: WholeFormat, columns: Columns, layout: RecordLayout, out: StandardOutput) {
    this.#out = out;
    this.#format = rowFormat(format, columns, layout);
    this.#pending = this.#format.header;
  }

  get isClosed(): boolean {
    return this.#out.isClosed;
  }

  take(record: Buffer, read: ReadRow): boolean {
    const bytes = Buffer.from(this.#pending + this.#format.row(read(record), record));
    this.#pending = "";
    if (this.#out.take(bytes)) return true;
    this.#pending = bytes.toString();
    return false;
  }

  async flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = "";
    await this.#out.flush(Buffer.from(text));
  }

  async end(): Promise<void> {
    this.#pending += this.#format.footer();
    await this.flush();
  }
}

function rowFormat(format: WholeFormat, columns: Columns, layout: RecordLayout): RowFormat {
  switch (format) {
    case "json":
      return jsonRows(columns, layout.values !== true);
    case "csv":
      return csvRows(columns);
    case "markdown":
      return markdownRows(columns);
  }
}

/** Writes records as a table. */
export class TableOutput implements RecordOutput {
  readonly #rows: TableRows;
  readonly #out: StandardOutput;
  #pending: string[] = [];

  constructor(layout: RecordLayout, terminalWidth: number | undefined, out: StandardOutput) {
    this.#rows = new TableRows(layout, terminalWidth);
    this.#out = out;
  }

  get isClosed(): boolean {
    return this.#out.isClosed;
  }

  take(record: Buffer, read: ReadRow): boolean {
    const lines = this.#rows.add(read(record), record);
    const [line] = lines;
    if (line === undefined || (lines.length === 1 && this.#out.take(Buffer.from(line)))) return true;
    this.#pending = lines;
    return false;
  }

  async flush(): Promise<void> {
    const lines = this.#pending;
    this.#pending = [];
    await this.#out.flush();
    for (const line of lines) {
      const bytes = Buffer.from(line);
      if (!this.#out.take(bytes)) await this.#out.flush(bytes);
      if (this.#out.isClosed) return;
    }
  }

  async end(): Promise<void> {
    this.#pending = this.#rows.end();
    await this.flush();
    await this.#out.flush();
    const { note } = this.#rows;
    if (note !== undefined && !this.#out.isClosed) process.stderr.write(`mr cat: ${note}\n`);
  }
}
