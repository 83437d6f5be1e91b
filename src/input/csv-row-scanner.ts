/**
 * Finds the fields of a CSV row fast: it reads each byte once and makes no strings or objects.
 *
 * The scanner knows rows as RFC 4180 defines them: a field has no quote, or it begins and ends with one and each quote in it
 * is doubled. It leaves all other rows to the parser in `csv-row-parser.ts`, which knows every option and every fault.
 */
import type { CsvSyntax } from "./csv-syntax.js";

/** `scan` returns this for a row that only the parser can read. */
export const irregular = -1;
/** `scan` returns this when the quotes of the row are not closed in these bytes. */
export const unfinished = -2;

/** Classes of bytes outside of quotes. */
const [ordinary, delimiterByte, newlineByte, returnByte, quoteByte, nonAsciiByte] = [0, 1, 2, 3, 4, 5];
const [newline, carriageReturn] = [0x0a, 0x0d];

/** Marks of fields that are not simply slices of the text: bytes to decode, and doubled quotes to halve. */
export const nonAscii = 1;
export const doubledQuotes = 2;

export class CsvRowScanner {
  readonly #classes = new Uint8Array(256);
  readonly #delimiter: number;
  /** -1 when no field is in quotes. */
  readonly #quote: number;
  readonly #endsAtReturn: boolean;
  /** The start and end of each field, without its quotes, and its marks. */
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  marks = new Uint8Array(64);
  count = 0;
  /** Whether no field has a mark. */
  isPlain = true;

  /** Returns undefined if the scanner does not support this syntax. */
  static of(syntax: CsvSyntax): CsvRowScanner | undefined {
    const { delimiter, quote, escape, trim } = syntax;
    const isByte = (bytes: Buffer) => bytes.length === 1 && bytes[0] !== newline && bytes[0] !== carriageReturn;
    if (trim || !isByte(delimiter)) return undefined;
    if (quote !== undefined && !(isByte(quote) && quote.equals(escape) && !quote.equals(delimiter))) return undefined;
    return new CsvRowScanner(syntax);
  }

  private constructor({ delimiter, quote, endsAtReturn }: CsvSyntax) {
    this.#delimiter = delimiter[0] ?? 0;
    this.#quote = quote?.[0] ?? -1;
    this.#endsAtReturn = endsAtReturn;
    this.#classes.fill(nonAsciiByte, 0x80);
    this.#classes[newline] = newlineByte;
    this.#classes[carriageReturn] = returnByte;
    if (quote !== undefined) this.#classes[this.#quote] = quoteByte;
    this.#classes[this.#delimiter] = delimiterByte;
  }

  /** Finds the fields of the row that begins at `from`. Returns the start of the next row, `irregular` or `unfinished`. */
  scan(bytes: Uint8Array, from: number, end: number): number {
    const classes = this.#classes;
    const quote = this.#quote;
    const delimiter = this.#delimiter;
    let { starts, ends, marks } = this;
    let marksOfRow = 0;
    let count = 0;
    let at = from;
    for (;;) {
      if (count === starts.length) {
        this.#grow();
        ({ starts, ends, marks } = this);
      }
      let mark = 0;
      let rowEnd = -1;
      if (at < end && bytes[at] === quote) {
        at += 1;
        starts[count] = at;
        let seen = 0;
        for (;;) {
          while (at < end && bytes[at] !== quote) {
            seen |= bytes[at] ?? 0;
            at += 1;
          }
          if (at >= end) return unfinished;
          if (at + 1 >= end || bytes[at + 1] !== quote) break;
          mark = doubledQuotes;
          at += 2;
        }
        ends[count] = at;
        if (seen >= 0x80) mark |= nonAscii;
        at += 1;
        if (at >= end) rowEnd = end;
        else if (bytes[at] === delimiter) at += 1;
        else {
          rowEnd = this.#rowEnd(bytes, at, end);
          if (rowEnd < 0) return irregular;
        }
      } else {
        starts[count] = at;
        for (;;) {
          let kind = ordinary;
          while (at < end && (kind = classes[bytes[at] ?? 0] ?? 0) === ordinary) at += 1;
          if (at >= end) {
            ends[count] = end;
            rowEnd = end;
            break;
          }
          if (kind === delimiterByte) {
            ends[count] = at;
            at += 1;
            break;
          }
          if (kind === newlineByte) {
            ends[count] = at;
            rowEnd = at + 1;
            break;
          }
          if (kind === returnByte) {
            rowEnd = this.#rowEnd(bytes, at, end);
            if (rowEnd >= 0) {
              ends[count] = at;
              break;
            }
          } else if (kind === quoteByte) return irregular;
          else mark = nonAscii;
          at += 1;
        }
      }
      marks[count] = mark;
      marksOfRow |= mark;
      count += 1;
      if (rowEnd >= 0) {
        this.count = count;
        this.isPlain = marksOfRow === 0;
        return rowEnd;
      }
    }
  }

  /** Returns the end of the row end at `at`; -1 if no row ends there. */
  #rowEnd(bytes: Uint8Array, at: number, end: number): number {
    if (bytes[at] === newline) return at + 1;
    if (bytes[at] !== carriageReturn) return -1;
    if (at + 1 < end && bytes[at + 1] === newline) return at + 2;
    return this.#endsAtReturn ? at + 1 : -1;
  }

  #grow(): void {
    const { starts, ends, marks } = this;
    this.starts = new Int32Array(starts.length * 2);
    this.ends = new Int32Array(starts.length * 2);
    this.marks = new Uint8Array(starts.length * 2);
    this.starts.set(starts);
    this.ends.set(ends);
    this.marks.set(marks);
  }
}
