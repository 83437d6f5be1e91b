/**
 * Reads the records of a CSV file with `csv-parse`, as an oracle for the engine's own reader. `csv-parse` determines the
 * fields and ends of the rows. A malformed row ends where its first line ends, and a new parse begins there.
 */
import { isUtf8 } from "node:buffer";
import { CsvError, parse } from "csv-parse/sync";
import type { CsvOptions } from "../../src/app/contract.js";
import type { CsvDialect } from "../../src/input/csv-dialect.js";

/** A row, or its fault, and its position. */
export interface CsvRecord {
  /** The names of the columns with their fields, or the fault. */
  readonly value: readonly (readonly [string, string])[] | string;
  readonly offset: number;
  readonly endOffset: number;
}

const [tab, newline, carriageReturn, dosEndOfFile, space] = [0x09, 0x0a, 0x0d, 0x1a, 0x20];

const faults: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "a quote is not closed",
  CSV_INVALID_CLOSING_QUOTE: "a closing quote is not followed by a delimiter (is it meant to be doubled?)",
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: "a closing quote is not followed by a delimiter",
  INVALID_OPENING_QUOTE: "there is a quote in a field that does not begin with one",
};

interface Parsed {
  readonly rows: readonly { readonly fields: readonly string[]; readonly end: number }[];
  readonly fault: string | undefined;
}

/** Throws an Error that begins with "header: " when the first row cannot be the header. */
export function csvParseRecords(file: Buffer, options: CsvOptions, dialect: CsvDialect): CsvRecord[] {
  const bytes = withoutEnd(file);
  const records: CsvRecord[] = [];
  let columns = options.header === true ? undefined : options.columns;
  const take = (fields: readonly string[], offset: number, endOffset: number) => {
    const isText = isUtf8(bytes.subarray(offset, endOffset));
    if (columns === undefined) {
      columns = options.columns ?? fields;
      if (new Set(columns).size < columns.length) throw new Error("header: two columns");
      if (!isText) throw new Error("header: it is not UTF-8");
      return;
    }
    const names = columns;
    const count = `a row of ${fields.length} ${fields.length === 1 ? "field" : "fields"}, and there are ${names.length} columns`;
    const value = fields.map((field, n) => [names[n] ?? "", field] as const);
    records.push({ value: isText ? (fields.length === names.length ? value : count) : "not UTF-8", offset, endOffset });
  };
  for (let at = dialect.headBytes; at < bytes.length;) {
    const { rows, fault } = parsed(bytes.subarray(at), options, dialect);
    let rowAt = at;
    for (const { fields, end } of rows) {
      const start = rowStart(bytes, rowAt, options, dialect, columns?.length);
      rowAt = at + end;
      // Otherwise the row is a line of white space.
      if (start < rowAt) take(fields, start, rowAt);
    }
    at = bytes.length;
    if (fault === undefined) continue;
    const start = rowStart(bytes, rowAt, options, dialect, columns?.length);
    at = lineEnd(bytes, start, dialect);
    if (columns === undefined) throw new Error(`header: ${fault}`);
    records.push({ value: fault, offset: start, endOffset: at });
  }
  return records;
}

function parsed(bytes: Buffer, options: CsvOptions, { delimiter, endsAtReturn }: CsvDialect): Parsed {
  const { quote = '"', comment, trim = false, relaxQuotes = false } = options;
  const { escape = quote === false ? '"' : quote } = options;
  const rows: { fields: string[]; end: number }[] = [];
  try {
    parse(bytes, {
      ...{ delimiter, quote, escape, trim },
      ...(comment === undefined ? {} : { comment, comment_no_infix: true }),
      relax_quotes: relaxQuotes,
      relax_column_count: true,
      skip_empty_lines: true,
      record_delimiter: endsAtReturn ? ["\r\n", "\r", "\n"] : ["\r\n", "\n"],
      on_record: (fields: string[], { bytes }) => {
        rows.push({ fields, end: bytes });
        return null;
      },
    });
    return { rows, fault: undefined };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { rows, fault: faults[error.code] ?? error.message };
  }
}

/** Removes the characters that DOS writes at the end of a file. */
function withoutEnd(file: Buffer): Buffer {
  let end = file.length;
  while (end > 0 && file[end - 1] === dosEndOfFile) end--;
  return file.subarray(0, end);
}

/** Returns the start of the next row, after empty lines, comments, and lines of white space that are not rows. */
function rowStart(
  bytes: Buffer,
  from: number,
  { comment, trim }: CsvOptions,
  dialect: CsvDialect,
  columns: number | undefined,
): number {
  const isField = columns === 1 && trim !== true;
  let start = from;
  while (start < bytes.length) {
    const end = lineEnd(bytes, start, dialect);
    const line = bytes.subarray(start, end);
    const spaces = trim === true ? (/^\s*/.exec(line.toString())?.[0] ?? "") : "";
    const text = line.toString().slice(spaces.includes(dialect.delimiter) ? 0 : spaces.length);
    const isComment = comment !== undefined && text.startsWith(comment);
    const isBlank = line.every((byte) => {
      if (byte === newline || byte === carriageReturn) return true;
      const isWhite = byte === space || byte === tab || byte === dosEndOfFile;
      return isWhite && !isField && byte !== dialect.delimiter.charCodeAt(0);
    });
    if (!isComment && !isBlank && text !== "") break;
    start = end;
  }
  return start;
}

/** Returns the end of the line that contains `from`. */
function lineEnd(bytes: Buffer, from: number, { endsAtReturn }: CsvDialect): number {
  const found = bytes.subarray(from).findIndex((byte) => byte === newline || (endsAtReturn && byte === carriageReturn));
  if (found < 0) return bytes.length;
  const end = from + found + 1;
  return bytes[end - 1] === carriageReturn && bytes[end] === newline ? end + 1 : end;
}
