/**
 * Where the key of a `text` record ends. The format is the lab's, `key value`, or `key` alone for an empty value, and a
 * key may contain spaces. So the writer of a file records what a reader needs to find the keys.
 */
import type { TextKeyEnd } from "../model/output-format.js";

/**
 * Examines the records of a file, many at a time. No key and no value has a space or a line end if each record has one
 * line end, and each one with a value has one space. Counting these takes little time.
 */
export class TextKeyEndFinder {
  #haveKeysSpaces = false;
  #haveValuesSpaces = false;
  #haveLineEnds = false;
  /** Whether a record has a value that is not empty. */
  #haveValues = false;
  /** Whether a key with a space has an empty value. */
  #haveSpacedKeysAlone = false;
  /** The number of records since the last call of `examine`, and the lengths of their keys in UTF-16 units. */
  #records = 0;
  readonly #keyLengths: number[] = [];
  /** The number of these records whose value is empty. */
  #alone = 0;

  /** Notes the next record, which begins with this key. */
  note(key: string, record: string): void {
    this.#keyLengths[this.#records++] = key.length;
    if (record.length === key.length + 1) this.#alone++;
  }

  /**
   * Examines the text of the records noted since the last call. `bytes` is the text in UTF-8, at an offset of whole
   * words in its buffer.
   */
  examine(text: string, bytes: Uint8Array): void {
    const [records, alone] = [this.#records, this.#alone];
    this.#records = 0;
    this.#alone = 0;
    if (this.keyEnd === "unclear") return;
    if (alone < records) this.#haveValues = true;
    const { spaces, lineEnds } = countSeparators(bytes);
    if (lineEnds > records) this.#haveLineEnds = true;
    else if (alone === records && spaces > 0) this.#haveKeysSpaces = this.#haveSpacedKeysAlone = true;
    else if (spaces > records - alone) this.#examineEach(text, records);
  }

  /** The result for the records up to now. */
  get keyEnd(): TextKeyEnd {
    if (this.#haveLineEnds) return "unclear";
    if (!this.#haveKeysSpaces) return "first space";
    if (!this.#haveValues) return "line end";
    return this.#haveValuesSpaces || this.#haveSpacedKeysAlone ? "unclear" : "last space";
  }

  #examineEach(text: string, records: number): void {
    let start = 0;
    let space = indexOfSpace(text, 0);
    for (let record = 0; record < records; record++) {
      const keyEnd = start + (this.#keyLengths[record] ?? 0);
      const end = text.indexOf("\n", start);
      if (space < start) space = indexOfSpace(text, start);
      if (space < keyEnd) {
        this.#haveKeysSpaces = true;
        if (end === keyEnd) this.#haveSpacedKeysAlone = true;
      }
      if (space < end && text.lastIndexOf(" ", end) > keyEnd) this.#haveValuesSpaces = true;
      start = end + 1;
    }
  }
}

function indexOfSpace(text: string, from: number): number {
  const found = text.indexOf(" ", from);
  return found < 0 ? Infinity : found;
}

/** The numbers of the bytes that are a space and a line end. Four bytes at a time take half as long as each by itself. */
function countSeparators(bytes: Uint8Array): { readonly spaces: number; readonly lineEnds: number } {
  let [spaces, lineEnds] = [0, 0];
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  for (const word of words) {
    spaces += zeroBytes(word ^ 0x20202020);
    lineEnds += zeroBytes(word ^ 0x0a0a0a0a);
  }
  for (let at = words.length << 2; at < bytes.length; at++) {
    if (bytes[at] === 0x20) spaces++;
    else if (bytes[at] === 0x0a) lineEnds++;
  }
  return { spaces, lineEnds };
}

/** How many of a word's four bytes are 0 (Warren, Hacker's Delight, section 6-1). */
function zeroBytes(word: number): number {
  // The sum has a byte's high bit set if any of its lower bits is.
  const nonZero = ((word & 0x7f7f7f7f) + 0x7f7f7f7f) | word | 0x7f7f7f7f;
  // The product adds up the four bits in its highest byte.
  return Math.imul(~nonZero >>> 7, 0x01010101) >>> 24;
}
