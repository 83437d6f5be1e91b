import { isUtf8 } from "node:buffer";
import type { JsonValue } from "../app/contract.js";
import { BadRecordError } from "./bad-record-error.js";
import type { ByteSource } from "./byte-source.js";
import { isArrayOfRecords, notJsonLines, shapeOf } from "./json-shape.js";
import { LineReader } from "./line-readers.js";
import type { RecordReader } from "./record-reader.js";

/** What bytes that are not UTF-8 become when they are decoded; it may also be in the text itself. */
const replacement = "\ufffd";

/** The documents of JSON Lines, parsed. A line of white space is none. A line that is no document is a bad record. */
export class JsonReader implements RecordReader<JsonValue> {
  readonly #lines: LineReader;
  readonly #file: string;
  readonly #isWholeFile: boolean;
  /** Set until the first document of the file, of which more can be told than of the others. */
  #awaitsFirst: boolean;
  /** The first document, which may turn out to be the only one, is an array of what should be documents. */
  #isArrayOfRecords = false;
  value: JsonValue = null;

  constructor(source: ByteSource, file: string) {
    this.#lines = new LineReader(source);
    this.#file = file;
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

  close(): void | Promise<void> {
    return this.#lines.close();
  }

  /** False when the line is of white space. */
  #parse(): boolean {
    const { value: line, offset, endOffset } = this.#lines;
    if (line.includes(replacement) && !isUtf8(this.#lines.bytes)) throw notUtf8(offset, endOffset);
    try {
      this.value = JSON.parse(line) as JsonValue;
    } catch (error) {
      if (line.trim() === "") return false;
      if (this.#awaitsFirst) this.#refuseOtherShape(line);
      throw new BadRecordError(offset, endOffset, `not JSON: ${(error as Error).message}`, { cause: error });
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
}

/** What is wrong with a record that is not UTF-8. */
export function notUtf8(offset: number, endOffset: number): BadRecordError {
  return new BadRecordError(offset, endOffset, "not UTF-8");
}
