import type { StoredFile } from "../stored-file.js";
import { DamagedInputError } from "./damaged-input-error.js";
import { damagedLine } from "../intermediate-format.js";
import { plainEnd, stringEnd } from "./json-strings.js";
import { encodeKey } from "../key-words.js";
import { LineBlocks, type ReaderOptions } from "./line-blocks.js";
import { LineKey } from "./line-key.js";
import type { LineValues } from "./line-values.js";
import { ValueScanner } from "./value-scanner.js";

const [newline, quote, comma] = [0x0a, 0x22, 0x2c];
const [bracket, closingBracket, zero] = [0x5b, 0x5d, 0x30];

/**
 * Reads an intermediate file line by line: `nextLine`, then `readValues`, and so on. Until `readValues`, a line is just
 * the bytes of its key, which is all that a merge needs.
 *
 * Throws a DamagedInputError for everything that LineBlocks notices, and for malformed lines. Callers compare keys
 * anyway, so they check the order.
 */
export class IntermediateReader {
  /** The key of the current line, until `nextLine` is called. */
  readonly key = new LineKey();
  readonly #location: string;
  readonly #blocks: LineBlocks;
  readonly #values: ValueScanner;
  #lineNumber = 0;
  /** Where the current line begins, and where the part after its key begins. */
  #lineAt = 0;
  #keyEnd = 0;
  /** Where the next line begins. */
  #next = 0;
  /** The key if it is written with escapes, else undefined. */
  #escapedKey: string | undefined;

  /** Opens the file and checks its length. */
  constructor(file: StoredFile, options: ReaderOptions) {
    this.#location = file.location;
    this.#blocks = new LineBlocks(file, options);
    this.#values = new ValueScanner(this.#blocks);
  }

  /** Advances to the next line after the values of the current one were read. False at the end of the file. */
  nextLine(): boolean {
    if (this.#next === this.#blocks.end) {
      if (!this.#blocks.next()) return this.#endOfFile();
      this.#values.forget();
      this.#next = 0;
    }
    this.#lineAt = this.#next;
    this.#lineNumber++;
    const { bytes } = this.#blocks;
    const start = this.#lineAt + 2;
    if (bytes[start - 2] !== bracket || bytes[start - 1] !== quote) throw this.#damaged();
    const end = plainEnd(bytes, start);
    if (bytes[end] !== quote) this.#readEscapedKey();
    else {
      this.key.set(bytes, start, end);
      this.#escapedKey = undefined;
      this.#keyEnd = end + 1;
    }
    return true;
  }

  /** The key of the current line as a string. */
  keyString(): string {
    return this.#escapedKey ?? this.#blocks.string(this.key.start, this.key.end);
  }

  /** Reads the values of the current line. */
  readValues(into: LineValues): void {
    try {
      this.#next = this.#readRest(into);
    } catch (error) {
      throw error instanceof SyntaxError ? this.#damaged() : error;
    }
  }

  /** The error for a line whose key comes before the previous one. */
  keyOutOfOrder(): DamagedInputError {
    return new DamagedInputError(this.#location, `is damaged: the key in line ${this.#lineNumber} is out of order`);
  }

  close(): void {
    this.#blocks.close();
  }

  #endOfFile(): false {
    if (!this.#blocks.hasRest) return false;
    throw new DamagedInputError(this.#location, `is damaged: line ${this.#lineNumber + 1} has no end`);
  }

  #readEscapedKey(): void {
    const { bytes } = this.#blocks;
    const start = this.#lineAt + 1;
    let key: string;
    try {
      this.#keyEnd = stringEnd(bytes, start + 1) + 1;
      key = JSON.parse(this.#blocks.string(start, this.#keyEnd)) as string;
    } catch {
      throw this.#damaged();
    }
    const encoded = new Uint8Array(key.length * 3);
    this.key.set(encoded, 0, encodeKey(key, encoded));
    this.#escapedKey = key;
  }

  /** Reads the part after the key. Returns where the next line begins. */
  #readRest(into: LineValues): number {
    const { bytes } = this.#blocks;
    into.clear();
    let at = this.#values.readArray(this.#expect(this.#keyEnd, comma), into);
    if (bytes[at] === comma) at = this.#readCounts(at + 1, into);
    return this.#expect(this.#expect(at, closingBracket), newline);
  }

  #readCounts(start: number, into: LineValues): number {
    const { bytes } = this.#blocks;
    let at = start;
    for (let index = 0; index < into.length; index++) {
      at = this.#expect(at, index === 0 ? bracket : comma);
      const countAt = at;
      let count = 0;
      for (; ; at++) {
        const digit = (bytes[at] ?? 0) - zero;
        if (digit < 0 || digit > 9) break;
        count = count * 10 + digit;
      }
      if (bytes[countAt] === zero || at === countAt || count > Number.MAX_SAFE_INTEGER)
        throw new SyntaxError("no count");
      into.setCount(index, count);
    }
    return this.#expect(at, closingBracket);
  }

  #expect(at: number, byte: number): number {
    if (this.#blocks.bytes[at] !== byte) throw new SyntaxError("another byte is expected");
    return at + 1;
  }

  #damaged(): DamagedInputError {
    const { bytes } = this.#blocks;
    const text = bytes.toString("utf8", this.#lineAt, bytes.indexOf(newline, this.#lineAt));
    return damagedLine(text, this.#location, this.#lineNumber);
  }
}
