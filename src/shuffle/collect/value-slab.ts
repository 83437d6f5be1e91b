import { isUtf8 } from "node:buffer";
import { decodedRange } from "./byte-ranges.js";
import type { SortedSink } from "./sorted-sink.js";
import { grownSlab, slabBytesMin } from "./slab.js";

/** Word 0 belongs to nothing, so that 0 means "none". */
const firstWord = 1;
const linkWords = 3;
const [quote, backslash] = [0x22, 0x5c];
/** For texts up to this length, such as numbers, the native encoder is slower. */
const shortLengthMax = 24;
/** For longer strings, `JSON.stringify` and the native encoder are faster. */
const plainLengthMax = 256;

/**
 * The values of all keys: JSON texts as UTF-8 bytes, and chains of links that hold all but the last value of a key with
 * several values. A text or a link is identified by its place in the slab.
 *
 *     text   byteLength, bytes filled up to whole words
 *     link   next link (the last one's: the first), text, count
 *
 * A text is first written after all others, and stays there unless it equals the text added before.
 */
export class ValueSlab {
  readonly #reserveBytes: number;
  #words: Int32Array = new Int32Array(slabBytesMin / 4);
  #bytes: Buffer = Buffer.from(this.#words.buffer);
  #view = new DataView(this.#words.buffer);
  /** Where `addSlice` found its last string. */
  #source: Uint8Array = new Uint8Array(0);
  #sourceOffset = 0;
  #sourceView: DataView = new DataView(this.#source.buffer);
  #end = firstWord;
  /** The text added last, or 0. */
  #last = 0;

  /** `reserveBytes` is what the slab may need at most, unless a single value is longer. */
  constructor(reserveBytes: number) {
    this.#reserveBytes = reserveBytes;
  }

  /** The memory in use. */
  get bytes(): number {
    return this.#end * 4;
  }

  /** Adds the JSON text of a string. Returns its place. */
  addString(value: string): number {
    if (value.length <= plainLengthMax) {
      this.#makeRoom(value.length + 2);
      const start = (this.#end + 1) * 4;
      const end = this.#writePlain(value, start + 1);
      if (end > 0) {
        this.#bytes[start] = quote;
        this.#bytes[end] = quote;
        return this.#added(end + 1);
      }
    }
    return this.addText(JSON.stringify(value));
  }

  /** Adds the JSON text of the string whose UTF-8 is in `buffer` from `start` to `end`. Returns its place. */
  addSlice(buffer: Uint8Array, start: number, end: number): number {
    if (buffer !== this.#source) this.#readFrom(buffer);
    this.#makeRoom(end - start + 2);
    const from = this.#sourceView;
    const to = this.#view;
    const first = (this.#end + 1) * 4;
    const stop = this.#sourceOffset + end;
    let at = this.#sourceOffset + start;
    let toAt = first + 1;
    // The highest bit of a byte of `escaped` is set where JSON escapes the byte; the same bit in `bits`, where it is
    // not ASCII.
    let escaped = 0;
    let bits = 0;
    for (; at + 4 <= stop; at += 4, toAt += 4) {
      const word = from.getInt32(at);
      to.setInt32(toAt, word);
      bits |= word;
      escaped |= escapedBytes(word);
    }
    for (; at < stop; at++, toAt++) {
      const byte = from.getUint8(at);
      to.setUint8(toAt, byte);
      bits |= byte;
      escaped |= escapedBytes(byte | 0x20202000);
    }
    const isAscii = (bits & 0x80808080) === 0;
    if ((escaped & 0x80808080) === 0 && (isAscii || isUtf8(buffer.subarray(start, end)))) {
      to.setUint8(first, quote);
      to.setUint8(toAt, quote);
      return this.#added(toAt + 1);
    }
    return this.addText(JSON.stringify(decodedRange(buffer, start, end)));
  }

  /** Adds a JSON text. Returns its place. */
  addText(text: string): number {
    this.#makeRoom(text.length * 3);
    const start = (this.#end + 1) * 4;
    const end = text.length <= shortLengthMax ? this.#writePlain(text, start) : 0;
    return this.#added(end > 0 ? end : start + this.#bytes.write(text, start));
  }

  /** Whether two texts are equal. */
  isSame(a: number, b: number): boolean {
    const words = this.#words;
    const length = words[b] ?? 0;
    if (words[a] !== length) return false;
    for (let at = (length + 3) >>> 2; at > 0; at--) if (words[a + at] !== words[b + at]) return false;
    return true;
  }

  /**
   * Appends a text with its count to the chain that ends with the link `tail` (0 begins a chain). Returns the new tail.
   */
  link(tail: number, text: number, count: number): number {
    this.#makeRoom(0);
    const words = this.#words;
    const link = this.#end;
    this.#end += linkWords;
    if (tail === 0) {
      words[link] = link;
    } else {
      words[link] = words[tail] ?? 0;
      words[tail] = link;
    }
    words[link + 1] = text;
    words[link + 2] = count;
    return link;
  }

  /** Brings texts into the processor's cache all at once (see `KeyTable.fetchValues`). */
  fetch(texts: Int32Array): void {
    const words = this.#words;
    let sum = 0;
    for (const text of texts) sum ^= words[text] ?? 0;
    // The compiler would drop a loop without a result; word 0 is otherwise unused.
    words[0] = sum;
  }

  /** Passes the values of the chain that ends with the link `tail` to the sink. */
  giveChain(tail: number, sink: SortedSink): void {
    if (tail === 0) return;
    const words = this.#words;
    let link = tail;
    do {
      link = words[link] ?? 0;
      this.giveText(words[link + 1] ?? 0, words[link + 2] ?? 0, sink);
    } while (link !== tail);
  }

  /** Passes one value to the sink. */
  giveText(text: number, count: number, sink: SortedSink): void {
    const start = (text + 1) * 4;
    sink.value(this.#bytes, start, start + (this.#words[text] ?? 0), count);
  }

  /** Forgets everything. Keeps the room, unless a single value needed more than the reserve. */
  clear(): void {
    if (this.#words.byteLength > Math.max(this.#reserveBytes, slabBytesMin))
      this.#use(new Int32Array(slabBytesMin / 4));
    this.#end = firstWord;
    this.#last = 0;
  }

  /** Forgets everything and frees the room. */
  release(): void {
    this.#use(new Int32Array(slabBytesMin / 4));
    this.clear();
  }

  /** Records that the text written after all others ends at byte `end`. Returns its place. */
  #added(end: number): number {
    const text = this.#end;
    const length = end - (text + 1) * 4;
    // Texts are compared by words, so the bytes that fill the last word must be zero.
    for (let at = end; (at & 3) !== 0; at++) this.#bytes[at] = 0;
    this.#words[text] = length;
    if (this.#last !== 0 && this.isSame(this.#last, text)) return this.#last;
    this.#last = text;
    this.#end = text + 1 + ((length + 3) >>> 2);
    return text;
  }

  /** Writes plain ASCII that JSON does not escape. Returns where it ends, 0 when the text is anything else. */
  #writePlain(text: string, start: number): number {
    const bytes = this.#bytes;
    let end = start;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit < 0x20 || unit > 0x7e || unit === quote || unit === backslash) return 0;
      bytes[end++] = unit;
    }
    return end;
  }

  #makeRoom(textBytes: number): void {
    const end = this.#end + linkWords + 2 + (textBytes >>> 2);
    if (end > this.#words.length) this.#use(grownSlab(this.#words, this.#end, end, this.#reserveBytes));
  }

  #use(words: Int32Array): void {
    this.#words = words;
    this.#bytes = Buffer.from(words.buffer);
    this.#view = new DataView(words.buffer);
  }

  #readFrom(source: Uint8Array): void {
    this.#source = source;
    this.#sourceOffset = source.byteOffset;
    // An app may pass a new view of the same buffer for each value.
    if (this.#sourceView.buffer !== source.buffer) this.#sourceView = new DataView(source.buffer);
  }
}

/**
 * Sets the highest bit of each byte of a word that is a control character, a quote or a backslash, and perhaps of a
 * byte before such a byte; otherwise sets no bit (Anderson, "Bit twiddling hacks", "Determine if a word has a
 * byte less than n" and "equal to n").
 */
function escapedBytes(word: number): number {
  const isQuote = word ^ 0x22222222;
  const isBackslash = word ^ 0x5c5c5c5c;
  return (
    ((word - 0x20202020) & ~word) | ((isQuote - 0x01010101) & ~isQuote) | ((isBackslash - 0x01010101) & ~isBackslash)
  );
}
