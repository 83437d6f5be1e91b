/**
 * The careful way to read a CSV row, with every option and every fault: a state machine over its bytes. It accepts and
 * rejects the rows that `csv-parse` accepts and rejects, and gives the same fields; tests compare the two.
 */
import type { CsvSyntax } from "./csv-syntax.js";

/** In place of where the row ends: its quotes are not closed in these bytes. */
export const quoteNotClosed = -1;
/** In place of where the row ends: what is wrong with it. */
export const [invalidClosingQuote, characterAfterQuote, invalidOpeningQuote] = [-2, -3, -4] as const;

const [newline, carriageReturn] = [0x0a, 0x0d];

/** The white space of JavaScript, which `trim` leaves out around fields. */
const whiteSpace = Array.from(
  "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
  (character) => Buffer.from(character),
);

export class CsvRowParser {
  readonly #syntax: CsvSyntax;
  readonly #quote: Buffer;
  readonly #comment: Buffer;
  readonly #escapeIsQuote: boolean;
  /** The field at hand. */
  #field = Buffer.allocUnsafeSlow(1024);
  #length = 0;
  /** The fields of the row; none when there was only a comment, or white space that is trimmed. */
  fields: string[] = [];

  constructor(syntax: CsvSyntax) {
    this.#syntax = syntax;
    this.#quote = syntax.quote ?? Buffer.alloc(0);
    this.#comment = syntax.comment ?? Buffer.alloc(0);
    this.#escapeIsQuote = this.#quote.equals(syntax.escape);
  }

  /** Reads the row that begins at `from`. Returns where the next row begins, or what is wrong, which is negative. */
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

  /** Whether a quote closes its field when this comes after it. */
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

  /** Where the row end at `at` ends; -1 when there is none. */
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

  /** Makes the quotes around the field a part of it. */
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

/** Whether `wanted`, which is not empty, stands at `at`. */
function has(bytes: Buffer, at: number, end: number, wanted: Buffer): boolean {
  const { length } = wanted;
  if (length === 0 || at + length > end || bytes[at] !== wanted[0]) return false;
  for (let n = 1; n < length; n++) if (bytes[at + n] !== wanted[n]) return false;
  return true;
}

/** How many bytes the white space at `at` has; 0 when there is none. */
function spaceLength(bytes: Buffer, at: number, end: number): number {
  const byte = bytes[at] ?? 0;
  if (byte > 0x20 && byte < 0x80) return 0;
  return whiteSpace.find((space) => has(bytes, at, end, space))?.length ?? 0;
}
