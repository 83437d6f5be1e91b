import type { StagedFile } from "../../storage/staged-file.js";
import { lineCharactersMax, lineValuesMax } from "../intermediate-format.js";
import { keyString, unpackKey } from "../key-words.js";

const blockBytes = 256 * 1024;
/** A line begins only where the block has room for the whole line, unless a key or value is very long. */
const lineBytesMax = 96 * 1024;
/** A UTF-16 unit takes at most three bytes, so a longer text exceeds the limit on a line's texts. */
const lineTextBytesMax = lineCharactersMax * 3;
/** The room for a line's brackets, commas and counts. */
const countDigitsMax = 17;

const [quote, comma, bracket, closing, backslash, newline] = [0x22, 0x2c, 0x5b, 0x5d, 0x5c, 0x0a];

/**
 * Writes the lines of intermediate files (`intermediate-format.ts`) directly as bytes: a key that JSON does not escape
 * is copied and never becomes a string.
 */
export class IntermediateWriter {
  readonly #block = Buffer.allocUnsafeSlow(blockBytes);
  readonly #counts = new Float64Array(lineValuesMax);
  #filled = 0;
  #file: StagedFile | undefined;
  #words: Int32Array = new Int32Array(0);
  #wordAt = 0;
  #keyBytes = 0;
  /**
   * For the current line: its number of values, an upper bound of their characters, and where the first begins in the
   * block.
   */
  #values = 0;
  #characters = 0;
  #valuesAt = 0;
  #isRepeating = false;

  /**
   * Directs further lines to this file, or nowhere if undefined. First writes what is buffered for the previous file.
   */
  writeTo(file: StagedFile | undefined): void {
    this.#flush();
    this.#file = file;
  }

  /** Begins a key; at least one value follows. */
  beginKey(words: Int32Array, wordAt: number, keyBytes: number): void {
    this.#words = words;
    this.#wordAt = wordAt;
    this.#keyBytes = keyBytes;
    this.#values = 0;
  }

  value(bytes: Uint8Array, start: number, end: number, count: number): void {
    if (this.#values > 0 && !this.#hasRoomFor(bytes, start, end)) this.endKey();
    if (this.#values === 0) this.#beginLine(end - start);
    else this.#block[this.#filled++] = comma;
    this.#copy(bytes, start, end);
    this.#counts[this.#values++] = count;
    if (count !== 1) this.#isRepeating = true;
  }

  /** Ends the line, if one has begun. */
  endKey(): void {
    const block = this.#block;
    this.#makeRoom(3 + this.#values * (countDigitsMax + 1) + 2);
    block[this.#filled++] = closing;
    if (this.#isRepeating) {
      for (let at = 0; at < this.#values; at++) {
        block[this.#filled++] = comma;
        if (at === 0) block[this.#filled++] = bracket;
        this.#writeCount(this.#counts[at] ?? 0);
      }
      block[this.#filled++] = closing;
    }
    block[this.#filled++] = closing;
    block[this.#filled++] = newline;
    this.#values = 0;
  }

  #beginLine(textBytes: number): void {
    if (this.#filled > blockBytes - lineBytesMax) this.#flush();
    this.#block[this.#filled++] = bracket;
    this.#writeKey();
    this.#makeRoom(lineBytesMax);
    this.#block[this.#filled++] = comma;
    this.#block[this.#filled++] = bracket;
    this.#valuesAt = this.#filled;
    this.#characters = textBytes;
    this.#isRepeating = false;
  }

  #writeKey(): void {
    const bytes = this.#keyBytes;
    const block = this.#block;
    if (bytes > lineBytesMax / 2) {
      this.#writeText(JSON.stringify(keyString(this.#words, this.#wordAt, bytes)));
      return;
    }
    const start = this.#filled + 1;
    unpackKey(this.#words, this.#wordAt, bytes, block, start);
    if (isEscaped(block, start, start + bytes)) {
      this.#writeText(JSON.stringify(keyString(this.#words, this.#wordAt, bytes)));
      return;
    }
    block[start - 1] = quote;
    block[start + bytes] = quote;
    this.#filled = start + bytes + 1;
  }

  #writeText(text: string): void {
    if (text.length * 3 > blockBytes - this.#filled) this.#flush();
    if (text.length * 3 <= blockBytes) this.#filled += this.#block.write(text, this.#filled);
    else this.#requireFile().append(Buffer.from(text));
  }

  /** Whether the line has room for this text too; if so, counts it. */
  #hasRoomFor(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#values === lineValuesMax) return false;
    if (this.#characters + end - start > lineCharactersMax) {
      // Bytes are only an upper bound. All values of the line are in the block, with a comma after each except one.
      if (end - start > lineTextBytesMax || this.#characters > lineTextBytesMax) return false;
      this.#characters = charactersIn(this.#block, this.#valuesAt, this.#filled) - (this.#values - 1);
      const characters = charactersIn(bytes, start, end);
      if (this.#characters + characters > lineCharactersMax) return false;
      this.#characters += characters;
    } else {
      this.#characters += end - start;
    }
    return true;
  }

  #copy(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length > 128) {
      if (length > lineTextBytesMax) {
        this.#flush();
        this.#requireFile().append(bytes.subarray(start, end));
        return;
      }
      this.#block.set(bytes.subarray(start, end), this.#filled);
      this.#filled += length;
      return;
    }
    const block = this.#block;
    let to = this.#filled;
    for (let at = start; at < end; at++) block[to++] = bytes[at] ?? 0;
    this.#filled = to;
  }

  #writeCount(count: number): void {
    if (count < 10) {
      this.#block[this.#filled++] = 0x30 + count;
      return;
    }
    let digits = 1;
    for (let rest = Math.floor(count / 10); rest > 0; rest = Math.floor(rest / 10)) digits++;
    let at = this.#filled + digits;
    for (let rest = count; rest > 0; rest = Math.floor(rest / 10)) this.#block[--at] = 0x30 + (rest % 10);
    this.#filled += digits;
  }

  #makeRoom(bytes: number): void {
    if (this.#filled + bytes > blockBytes) this.#flush();
  }

  #flush(): void {
    if (this.#filled === 0) return;
    this.#requireFile().append(this.#block.subarray(0, this.#filled));
    this.#filled = 0;
  }

  #requireFile(): StagedFile {
    if (this.#file === undefined) throw new Error("there is no file to write to");
    return this.#file;
  }
}

/** Whether `JSON.stringify` gives anything other than these bytes in quotes. Lone surrogates begin with 0xED 0xA0. */
function isEscaped(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x20 || byte === quote || byte === backslash) return true;
    if (byte === 0xed && (bytes[at + 1] ?? 0) >= 0xa0) return true;
  }
  return false;
}

/** How many UTF-16 units these bytes of UTF-8 make. */
function charactersIn(bytes: Uint8Array, start: number, end: number): number {
  let characters = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if ((byte & 0xc0) !== 0x80) characters += byte >= 0xf0 ? 2 : 1;
  }
  return characters;
}
