/**
 * The dialect of a CSV file, as its first bytes tell it: which characters end a row, and which delimiter a first line such as
 * `sep=;` names.
 *
 * The first row end outside of quotes decides, as in DuckDB. Where that is "\n" or "\r\n", a lone "\r" belongs to its field;
 * where it is a lone "\r", each of "\r", "\n" and "\r\n" ends a row, as in Excel, pandas and Python's csv.
 */
import type { CsvOptions } from "../app/contract.js";
import type { ByteSource } from "./byte-source.js";
import { UnreadableInputError } from "./unreadable-input-error.js";

const [newline, carriageReturn, space, tab] = [0x0a, 0x0d, 0x20, 0x09];
const firstReadBytes = 64 * 1024;

export interface CsvDialect {
  readonly delimiter: string;
  /** Whether a lone carriage return ends a row. */
  readonly endsAtReturn: boolean;
  /** The length in bytes of the line `sep=` before the first row; 0 without such a line. */
  readonly headBytes: number;
}

/** Excel writes this line to name the delimiter; it is not a row. Some programs put it into quotes. */
const separatorLine = /^(?:sep=(.)|"sep=(.)")$/isu;

/**
 * Reads the beginning of a file. Returns its dialect, and a source that gives the whole file. Throws an
 * UnreadableInputError when a line `sep=` contradicts the app's delimiter.
 */
export async function readDialect(
  source: ByteSource,
  file: string,
  options: CsvOptions,
  bytesMax: number,
): Promise<{ readonly dialect: CsvDialect; readonly source: ByteSource }> {
  let head = Buffer.allocUnsafeSlow(firstReadBytes);
  let filled = 0;
  for (;;) {
    const bytes = await source.read(head, filled);
    filled += bytes;
    const isAll = bytes === 0 || filled >= bytesMax;
    const found = head.subarray(0, filled);
    const dialect = isAll || filled === head.length ? dialectOf(found, file, options, isAll) : undefined;
    if (dialect !== undefined) return { dialect, source: new HeadedSource(found, source) };
    if (filled === head.length) head = Buffer.concat([head], head.length * 2);
  }
}

/** The dialect that these first bytes tell; undefined when the next bytes are needed, too. */
function dialectOf(bytes: Buffer, file: string, options: CsvOptions, isAll: boolean): CsvDialect | undefined {
  const lineEnd = bytes.findIndex(isLineEnd);
  if (lineEnd < 0 && !isAll) return undefined;
  const line = bytes.toString("utf8", 0, lineEnd < 0 ? bytes.length : lineEnd);
  const match = separatorLine.exec(line);
  const named = match?.[1] ?? match?.[2];
  if (named !== undefined && options.delimiter !== undefined && options.delimiter !== named) {
    throw new UnreadableInputError(
      `${file}: its first line is ${JSON.stringify(line)}, and the app has csv.delimiter = ` +
        `${JSON.stringify(options.delimiter)}; leave csv.delimiter out, or remove the line from the file`,
    );
  }
  const delimiter = named ?? options.delimiter ?? ",";
  const rowEnd = named === undefined ? firstRowEnd(bytes, delimiter, options) : lineEnd;
  if (rowEnd < 0 && !isAll) return undefined;
  // If a quote is never closed, the row ends with its first line.
  const end = rowEnd < 0 ? lineEnd : rowEnd;
  if (bytes[end] === carriageReturn && end + 1 === bytes.length && !isAll) return undefined;
  const endsAtReturn = bytes[end] === carriageReturn && bytes[end + 1] !== newline;
  if (named === undefined) return { delimiter, endsAtReturn, headBytes: 0 };
  const endBytes = end < 0 ? 0 : bytes[end] === carriageReturn && !endsAtReturn ? 2 : 1;
  return { delimiter, endsAtReturn, headBytes: Buffer.byteLength(line) + endBytes };
}

/** Where the first row ends: at the first line end outside of quotes. -1 when there is no such place. */
function firstRowEnd(
  bytes: Buffer,
  delimiter: string,
  { quote = '"', escape = quote === false ? '"' : quote, comment, trim = false }: CsvOptions,
): number {
  const isComment = comment !== undefined && bytes.indexOf(comment) === 0;
  const quoteByte = quote === false || isComment ? -1 : (Buffer.from(quote)[0] ?? -1);
  const escapeByte = Buffer.from(escape)[0] ?? -1;
  const lastOfDelimiter = Buffer.from(delimiter).at(-1) ?? -1;
  let isQuoted = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (isQuoted && escapeByte !== quoteByte && byte === escapeByte) at++;
    else if (byte === quoteByte) {
      // A quote right behind a closing quote makes it a doubled one.
      if (isQuoted || bytes[at - 1] === quoteByte) isQuoted = !isQuoted;
      else isQuoted = beginsField(bytes, at, lastOfDelimiter, trim);
    } else if (!isQuoted && isLineEnd(byte)) return at;
  }
  return -1;
}

function beginsField(bytes: Buffer, at: number, lastOfDelimiter: number, trim: boolean): boolean {
  let first = at;
  while (trim && first > 0 && (bytes[first - 1] === space || bytes[first - 1] === tab)) first--;
  return first === 0 || bytes[first - 1] === lastOfDelimiter;
}

function isLineEnd(byte: number): boolean {
  return byte === newline || byte === carriageReturn;
}

/** Gives the bytes that were read already, and then the rest of their source. */
class HeadedSource implements ByteSource {
  readonly #source: ByteSource;
  #head: Buffer;
  readonly start: number;
  readonly firstOffset: number;
  readonly length: number | undefined;
  readonly isWholeFile: boolean;

  constructor(head: Buffer, source: ByteSource) {
    this.#head = head;
    this.#source = source;
    this.start = source.start;
    this.firstOffset = source.firstOffset;
    this.length = source.length;
    this.isWholeFile = source.isWholeFile;
  }

  read(into: Buffer, at: number): number | Promise<number> {
    if (this.#head.length === 0) return this.#source.read(into, at);
    const bytes = this.#head.copy(into, at);
    this.#head = this.#head.subarray(bytes);
    return bytes;
  }

  close(): void | Promise<void> {
    return this.#source.close();
  }
}
