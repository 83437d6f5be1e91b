import { isUtf8 } from "node:buffer";
import type { JsonValue } from "../app/contract.js";
import { BadRecordError } from "./bad-record-error.js";
import type { ByteSource } from "./byte-source.js";
import { LineReader } from "./line-readers.js";
import type { RecordReader } from "./record-reader.js";

/** What bytes that are not UTF-8 become when they are decoded; it may also be in the text itself. */
const replacement = "\ufffd";
const byteOrderMark = "\ufeff";

/** The documents of JSON Lines, parsed. A line of white space is none. A line that is no document is a bad record. */
export class JsonReader implements RecordReader<JsonValue> {
  readonly #lines: LineReader;
  value: JsonValue = null;

  constructor(source: ByteSource) {
    this.#lines = new LineReader(source);
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
      if (typeof isThere !== "boolean") return isThere.then((isThere) => isThere && (this.#parse() || this.next()));
      if (!isThere || this.#parse()) return isThere;
    }
  }

  close(): void | Promise<void> {
    return this.#lines.close();
  }

  /** False when the line is of white space. */
  #parse(): boolean {
    const { value: line, offset, endOffset } = this.#lines;
    if (line.includes(replacement) && !isUtf8(this.#lines.bytes)) throw notUtf8(offset, endOffset);
    const text = offset === 0 && line.startsWith(byteOrderMark) ? line.slice(1) : line;
    try {
      this.value = JSON.parse(text) as JsonValue;
    } catch (error) {
      if (text.trim() === "") return false;
      throw new BadRecordError(offset, endOffset, `not JSON: ${(error as Error).message}`, { cause: error });
    }
    return true;
  }
}

/** What is wrong with a record that is not UTF-8. */
export function notUtf8(offset: number, endOffset: number): BadRecordError {
  return new BadRecordError(offset, endOffset, "not UTF-8");
}
