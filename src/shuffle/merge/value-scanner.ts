import type { JsonValue } from "../../app/contract.js";
import { hasBigint, storedValue } from "../stored-value.js";
import { plainEnd, stringEnd } from "./json-strings.js";
import type { LineBlocks } from "./line-blocks.js";
import type { LineValues } from "./line-values.js";

const [newline, quote, comma, zero] = [0x0a, 0x22, 0x2c, 0x30];
const [bracket, closingBracket, brace, closingBrace] = [0x5b, 0x5d, 0x7b, 0x7d];
/** Integers with at most this many digits are exact. */
const integerDigitsMax = 15;
/** From this length on, comparing a string with the previous one pays off before making a new one. */
const heldBytesMin = 13;

/**
 * Makes values from the JSON texts in a block of lines: integers and strings without escapes straight from the bytes,
 * everything else by `storedValue`. So only JSON is accepted, and the value equals the one from `storedValue`.
 */
export class ValueScanner {
  readonly #blocks: LineBlocks;
  /** Where the last value ended, and whether reading it called native code. */
  #end = 0;
  #isCostly = false;
  /**
   * The last longer string, and the range of its bytes in the block: in an inverted index it recurs again and again.
   */
  #held = "";
  #heldAt = 0;
  #heldBytes = 0;

  constructor(blocks: LineBlocks) {
    this.#blocks = blocks;
  }

  /** To be called when the block holds other lines than before. */
  forget(): void {
    this.#held = "";
    this.#heldBytes = 0;
  }

  /**
   * Adds the values of the array whose bracket is at `start`, at least one, to `into`. Returns where the array ends.
   * Throws a SyntaxError when there is no such array, or it does not end in this line.
   */
  readArray(start: number, into: LineValues): number {
    const { bytes } = this.#blocks;
    if (bytes[start] !== bracket) throw new SyntaxError("there is no array");
    for (let at = start; ; at = this.#end) {
      const value = this.#read(at + 1);
      into.add(value, this.#end - at - 1);
      if (bytes[this.#end] !== comma) break;
      if (this.#isCostly) return this.#parseArray(start, into);
    }
    if (bytes[this.#end] !== closingBracket) throw new SyntaxError("the array has no end");
    return this.#end + 1;
  }

  /** Reads the value that begins at `at`. */
  #read(at: number): JsonValue {
    this.#isCostly = false;
    const byte = this.#blocks.bytes[at] ?? 0;
    if (byte === quote) return this.#readString(at);
    const digit = byte - zero;
    return digit >= 0 && digit <= 9 ? this.#readInteger(at, digit) : this.#parse(at);
  }

  #readInteger(start: number, first: number): JsonValue {
    const { bytes } = this.#blocks;
    let value = first;
    let at = start + 1;
    for (; ; at++) {
      const digit = (bytes[at] ?? 0) - zero;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const digits = at - start;
    const isWhole = bytes[at] === closingBracket || bytes[at] === comma;
    if (!isWhole || digits > integerDigitsMax || (first === 0 && digits > 1)) return this.#parse(start);
    this.#end = at;
    return value;
  }

  #readString(opening: number): JsonValue {
    const { bytes } = this.#blocks;
    const start = opening + 1;
    if (this.#isHeld(bytes, start)) {
      this.#end = start + this.#heldBytes + 1;
      return this.#held;
    }
    const end = plainEnd(bytes, start);
    if (bytes[end] !== quote) return this.#parse(opening);
    this.#end = end + 1;
    const value = this.#blocks.string(start, end);
    if (end - start >= heldBytesMin) this.#hold(value, start, end);
    return value;
  }

  #isHeld(bytes: Uint8Array, start: number): boolean {
    const length = this.#heldBytes;
    if (length === 0 || bytes[start + length] !== quote) return false;
    const heldAt = this.#heldAt;
    for (let at = 0; at < length; at++) if (bytes[start + at] !== bytes[heldAt + at]) return false;
    return true;
  }

  #hold(value: string, start: number, end: number): void {
    this.#isCostly = true;
    this.#held = value;
    this.#heldAt = start;
    this.#heldBytes = end - start;
  }

  #parse(start: number): JsonValue {
    this.#isCostly = true;
    this.#end = valueEnd(this.#blocks.bytes, start);
    return storedValue(this.#blocks.string(start, this.#end));
  }

  /** Parsing all values of a line in one call is faster than one call per value. */
  #parseArray(start: number, into: LineValues): number {
    const end = valueEnd(this.#blocks.bytes, start);
    const text = this.#blocks.string(start, end);
    into.clear();
    if (hasBigint(text)) return this.#parseOneByOne(start, into);
    const values = JSON.parse(text) as JsonValue[];
    for (const value of values) into.add(value, (end - start) / values.length);
    return end;
  }

  #parseOneByOne(start: number, into: LineValues): number {
    const { bytes } = this.#blocks;
    let at = start;
    do {
      const value = this.#parse(at + 1);
      into.add(value, this.#end - at - 1);
      at = this.#end;
    } while (bytes[at] === comma);
    if (bytes[at] !== closingBracket) throw new SyntaxError("the array has no end");
    return at + 1;
  }
}

/** Where the text that begins at `start` ends, if it is a JSON value: before a comma or bracket outside it. */
function valueEnd(bytes: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = start; ; at++) {
    const byte = bytes[at];
    if (byte === quote) at = stringEnd(bytes, at + 1);
    else if (byte === bracket || byte === brace) depth++;
    else if (depth === 0 && (byte === comma || byte === closingBracket)) return at;
    else if (byte === closingBracket || byte === closingBrace) depth--;
    else if (byte === newline || byte === undefined) throw new SyntaxError("the line ends within a value");
  }
}
