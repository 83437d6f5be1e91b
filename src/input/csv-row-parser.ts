/**
 * The careful way to read a CSV row, with every option and every fault: a state machine over its bytes. It accepts and
 * rejects the rows that `csv-parse` accepts and rejects, and gives the same fields; tests compare the two.
 */
import type { CsvSyntax } from "./csv-syntax.js";

/** `parse` returns this when the quotes of the row are not closed in these bytes. */
export const quoteNotClosed = -1;
/** `parse` returns one of these for a malformed row. */
export const [invalidClosingQuote, characterAfterQuote, invalidOpeningQuote] = [-2, -3, -4] as const;

const [newline, carriageReturn] = [0x0a, 0x0d];

/** The white space of JavaScript, which `trim` removes around fields. */
const whiteSpace = Array.from(
  "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
  (character) => Buffer.from(character),
);

export class CsvRowParser {
  readonly #syntax: CsvSyntax;
  readonly #quote: Buffer;
  readonly #comment: Buffer;
  readonly #escapeIsQuote: boolean;
  /** The bytes of the current field. */
  #field = Buffer.allocUnsafeSlow(1024);
  #length = 0;
  /** The fields of the row; empty for a comment, and for white space that `trim` removes. */
  fields: string[] = [];

  constructor(syntax: CsvSyntax) {
    this.#syntax = syntax;
    this.#quote = syntax.quote ?? Buffer.alloc(0);
    this.#comment = syntax.comment ?? Buffer.alloc(0);
    this.#escapeIsQuote = this.#quote.equals(syntax.escape);
  }

  /** Parses the row that begins at `from`. Returns the start of the next row, or a negative number for a fault. */
  parse(bytes: Buffer, from: number, end: number): number {
    const { delimiter, escape, trim, relaxQuotes } = this.#syntax;
    const quote = this.#quote;
    const comment = this.#comment;
    this.fields = [];
    this.#length = 0;
    let [isQuoting, wasQuoting, isEscaping, isComment] = [false, false, false, false];
    const isFirstField = () => this.fields.length === 0 && this.#length === 0;
    for (let at = from; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (isEscaping) isEscaping = false;
      else {
        if (isQuoting && this.#isEscape(bytes, at, end)) {
          isEscaping = true;
          at += escape.length - 1;
          continue;
        }
        if (!isComment && has(bytes, at, end, quote)) {
          const next = at + quote.length;
          if (!isQuoting) {
            if (this.#length === 0) {
              isQuoting = true;
              at = next - 1;
              continue;
            }
            if (!relaxQuotes) return invalidOpeningQuote;
          } else if (this.#mayFollowQuote(bytes, next, end)) {
            [isQuoting, wasQuoting] = [false, true];
            at = next - 1;
            continue;
          } else {
            if (!relaxQuotes) return invalidClosingQuote;
            if (trim) return characterAfterQuote;
            [isQuoting, wasQuoting] = [false, true];
            this.#surround(quote);
            at = next - 1;
            continue;
          }
        }
        if (!isQuoting) {
          const rowEnd = this.#rowEnd(bytes, at, end);
          if (rowEnd > at) {
            // A comment, or an empty line.
            if (!wasQuoting && isFirstField()) return rowEnd;
            this.#endField(wasQuoting);
            return rowEnd;
          }
          if (isComment) continue;
          if (isFirstField() && has(bytes, at, end, comment)) {
            isComment = true;
            continue;
          }
          if (has(bytes, at, end, delimiter)) {
            this.#endField(wasQuoting);
            wasQuoting = false;
            at += delimiter.length - 1;
            continue;
          }
        }
      }
      const isLeading = trim && !isQuoting && this.#length === 0;
      const space = isLeading || (trim && wasQuoting) ? spaceLength(bytes, at, end) : 0;
      if (isLeading && space > 0) at += space - 1;
      else if (!(trim && wasQuoting)) this.#append(byte);
      else if (space === 0) return characterAfterQuote;
    }
    if (isQuoting) return quoteNotClosed;
    if (wasQuoting || !isFirstField()) this.#endField(wasQuoting);
    return end;
  }

  #isEscape(bytes: Buffer, at: number, end: number): boolean {
    const { escape } = this.#syntax;
    const next = at + escape.length;
    return has(bytes, at, end, escape) && next < end && (!this.#escapeIsQuote || has(bytes, next, end, this.#quote));
  }

  /** Whether a quote before `at` closes its field. */
  #mayFollowQuote(bytes: Buffer, at: number, end: number): boolean {
    const { delimiter, trim } = this.#syntax;
    return (
      at >= end ||
      bytes[at] === 0 ||
      has(bytes, at, end, delimiter) ||
      this.#rowEnd(bytes, at, end) > at ||
      has(bytes, at, end, this.#comment) ||
      (trim && spaceLength(bytes, at, end) > 0)
    );
  }

  /** Returns the end of the row end at `at`; -1 if no row ends there. */
  #rowEnd(bytes: Buffer, at: number, end: number): number {
    const byte = bytes[at];
    if (byte === newline) return at + 1;
    if (byte !== carriageReturn) return -1;
    if (at + 1 < end && bytes[at + 1] === newline) return at + 2;
    return this.#syntax.endsAtReturn ? at + 1 : -1;
  }

  #append(byte: number): void {
    if (this.#length === this.#field.length) this.#grow(this.#length + 1);
    this.#field[this.#length] = byte;
    this.#length += 1;
  }

  /** Adds the quotes around the field to its text. */
  #surround(quote: Buffer): void {
    this.#grow(this.#length + 2 * quote.length);
    this.#field.copyWithin(quote.length, 0, this.#length);
    quote.copy(this.#field);
    quote.copy(this.#field, quote.length + this.#length);
    this.#length += 2 * quote.length;
  }

  #grow(least: number): void {
    if (least <= this.#field.length) return;
    const field = Buffer.allocUnsafeSlow(Math.max(least, this.#field.length * 2));
    this.#field.copy(field, 0, 0, this.#length);
    this.#field = field;
  }

  #endField(wasQuoting: boolean): void {
    const field = this.#field.toString("utf8", 0, this.#length);
    this.fields.push(this.#syntax.trim && !wasQuoting ? field.trimEnd() : field);
    this.#length = 0;
  }
}

/** Whether the bytes at `at` are `wanted`. Nothing is never there. */
function has(bytes: Buffer, at: number, end: number, wanted: Buffer): boolean {
  const { length } = wanted;
  if (length === 0 || at + length > end || bytes[at] !== wanted[0]) return false;
  for (let n = 1; n < length; n++) if (bytes[at + n] !== wanted[n]) return false;
  return true;
}

/** The length in bytes of the white space character at `at`; 0 if `at` is another character. */
function spaceLength(bytes: Buffer, at: number, end: number): number {
  const byte = bytes[at] ?? 0;
  if (byte > 0x20 && byte < 0x80) return 0;
  return whiteSpace.find((space) => has(bytes, at, end, space))?.length ?? 0;
}
