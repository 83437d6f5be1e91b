import { isUtf8 } from "node:buffer";
import type { JsonValue, JsonlOptions } from "../app/contract.js";
import { BadRecordError } from "./bad-record-error.js";
import type { ByteSource } from "./byte-source.js";
import { isArrayOfRecords, notJsonLines, shapeOf } from "./json-shape.js";
import { findLargeNumber } from "./large-numbers.js";
import { LargeNumberError, parseDocument, type Integers } from "./json-document.js";
import { LineReader } from "./line-readers.js";
import type { RecordReader } from "./record-reader.js";

/** Decoding replaces bytes that are not UTF-8 with this character, which may also occur in the text itself. */
const replacement = "\ufffd";
const newline = 0x0a;

/** DOS programs write this character, once or more, at the end of a file. It does not belong to the last line. */
const dosEndOfFile = "\x1a";

/**
 * Parses the documents of JSON Lines. It skips lines of white space. A line that is not a document is a bad record, and so
 * is a document with a number that a double cannot hold.
 */
export class JsonReader implements RecordReader<JsonValue> {
  readonly #lines: LineReader;
  readonly #integers: Integers;
  /** Lines up to this place in the file were searched for large numbers. */
  #searchedTo = 0;
  /** The first place, up to there, that may hold a large number. Lines that end before it hold none. */
  #largeAt = Infinity;
  readonly #file: string;
  readonly #isWholeFile: boolean;
  /** Set until the first document of the file, which can reveal more about the file than later ones. */
  #awaitsFirst: boolean;
  /** The first document, which may turn out to be the only one, is an array of what should be documents. */
  #isArrayOfRecords = false;
  value: JsonValue = null;
  /** Its text, if that is not the whole line. */
  #document: string | undefined;

  constructor(source: ByteSource, file: string, { integers = "bigint" }: JsonlOptions = {}) {
    this.#lines = new LineReader(source);
    this.#file = file;
    this.#integers = integers;
    this.#isWholeFile = source.isWholeFile;
    this.#awaitsFirst = source.firstOffset === 0;
  }

  get offset(): number {
    return this.#lines.offset;
  }

  get endOffset(): number {
    return this.#lines.endOffset;
  }

  next(): boolean | Promise<boolean> {
    for (;;) {
      const isThere = this.#lines.next();
      if (typeof isThere !== "boolean") {
        return isThere.then((isThere) => (isThere ? this.#parse() || this.next() : this.#end()));
      }
      if (!isThere) return this.#end();
      if (this.#parse()) return true;
    }
  }

  again(): JsonValue {
    return parseDocument(this.#document ?? this.#lines.value, this.#integers);
  }

  close(): void | Promise<void> {
    return this.#lines.close();
  }

  /** Parses the line. Returns false when it is blank. */
  #parse(): boolean {
    const { value: line, offset, endOffset } = this.#lines;
    if (endOffset > this.#searchedTo) this.#search(offset);
    if (line.includes(replacement) && !isUtf8(this.#lines.bytes)) throw notUtf8(offset, endOffset);
    this.#document = undefined;
    try {
      if (endOffset > this.#largeAt) this.#parseWithCare(line, endOffset);
      else this.value = JSON.parse(line) as JsonValue;
    } catch (error) {
      if (!this.#reparse(line, error)) return false;
    }
    if (this.#awaitsFirst) {
      this.#awaitsFirst = false;
      this.#isArrayOfRecords = this.#isWholeFile && isArrayOfRecords(this.value);
    } else this.#isArrayOfRecords = false;
    return true;
  }

  #refuseOtherShape(line: string): void {
    this.#awaitsFirst = false;
    const shape = shapeOf(line, this.#lines.ahead());
    if (shape !== undefined) throw notJsonLines(this.#file, shape);
  }

  #end(): false {
    if (this.#isArrayOfRecords) throw notJsonLines(this.#file, "array");
    return false;
  }

  /** Searches the chunk from this place on. */
  #search(from: number): void {
    const { chunk, chunkOffset } = this.#lines;
    this.#searchedTo = chunkOffset + chunk.length;
    this.#largeAt = chunkOffset + findLargeNumber(chunk, from - chunkOffset);
  }

  #parseWithCare(text: string, endOffset: number): void {
    this.#search(endOffset);
    this.value = parseDocument(text, this.#integers);
  }

  /**
   * Called when `text` did not parse: retries without the end-of-file characters. Returns false when the line has
   * nothing else.
   */
  #reparse(text: string, error: unknown): boolean {
    const { offset, endOffset } = this.#lines;
    const isLastLine = this.#lines.bytes.at(-1) !== newline;
    const document = isLastLine ? withoutEnd(text, dosEndOfFile) : text;
    if (document.trim() === "") return false;
    if (document === text) {
      const { message } = error as Error;
      if (error instanceof LargeNumberError) throw new BadRecordError(offset, endOffset, message, { cause: error });
      if (this.#awaitsFirst) this.#refuseOtherShape(text);
      throw new BadRecordError(offset, endOffset, `not JSON: ${message}`, { cause: error });
    }
    try {
      this.value = parseDocument(document, this.#integers);
      this.#document = document;
      return true;
    } catch (error) {
      return this.#reparse(document, error);
    }
  }
}

function withoutEnd(text: string, character: string): string {
  let end = text.length;
  while (text[end - 1] === character) end--;
  return text.slice(0, end);
}

/** The error for a record that is not UTF-8. */
export function notUtf8(offset: number, endOffset: number): BadRecordError {
  return new BadRecordError(offset, endOffset, "not UTF-8");
}
