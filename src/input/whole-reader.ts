import { closeSync, openSync, readFileSync } from "node:fs";
import type { Split } from "../rpc/protocol.js";
import { decode } from "./decode.js";
import { linesOfSplit } from "./line-start.js";
import { readRange } from "./read-range.js";
import type { RecordReader } from "./record-reader.js";

/** A single record: a whole file as it is now, or all lines that begin in a split of one. */
class WholeReader {
  readonly #descriptor: number;
  /** Where the lines end; undefined for a whole file. */
  readonly #end: number | undefined;
  protected readonly split: Split;
  protected bytes: Buffer = Buffer.alloc(0);
  readonly offset: number = 0;
  #isRead = false;

  constructor(split: Split, what: "file" | "lines") {
    this.split = split;
    this.#descriptor = openSync(split.path, "r");
    if (what === "file") return;
    try {
      const { start, end } = linesOfSplit(this.#descriptor, split);
      this.offset = start;
      this.#end = end;
    } catch (error) {
      this.close();
      throw error;
    }
    // When no line begins in the split there is nothing to read.
    this.#isRead = this.offset >= this.#end;
  }

  get endOffset(): number {
    return this.offset + this.bytes.length;
  }

  next(): boolean {
    if (this.#isRead) return false;
    this.#isRead = true;
    this.bytes =
      this.#end === undefined ? readFileSync(this.#descriptor) : readRange(this.#descriptor, this.offset, this.#end);
    return true;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** As bytes. */
export class WholeBytesReader extends WholeReader implements RecordReader<Uint8Array> {
  get value(): Uint8Array {
    return this.bytes;
  }
}

/** As a string. */
export class WholeTextReader extends WholeReader implements RecordReader<string> {
  readonly #wayOut: string;
  value = "";
  #endOffset = 0;

  constructor(split: Split, what: "file" | "lines") {
    super(split, what);
    this.#wayOut =
      what === "lines"
        ? "let the app use mapBytes, or make the splits smaller"
        : 'let the app export input = "text" (or "lines")';
  }

  override get endOffset(): number {
    return this.#endOffset;
  }

  override next(): boolean {
    if (!super.next()) return false;
    this.value = decode(this.bytes, this.split, this.offset, this.#wayOut);
    this.#endOffset = super.endOffset;
    // Two copies of a split are one too many.
    this.bytes = Buffer.alloc(0);
    return true;
  }
}
