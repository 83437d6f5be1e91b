/**
 * Where the key of a `text` record ends. The format is the lab's, `key value`, and a key may contain spaces. So the
 * writer of a file records what a reader needs to find the keys.
 */

/**
 * `first space`: no key has a space. `last space`: keys have spaces, but values have none. `unclear`: both have spaces,
 * or one has a line end, so that no reader can tell where a key or a record ends.
 */
export const textKeyEnds = ["first space", "last space", "unclear"] as const;
export type TextKeyEnd = (typeof textKeyEnds)[number];

/**
 * Examines the records of a file, many at a time: if they have one space and one line end each, which takes little time
 * to count, no key and no value has any.
 */
export class TextKeyEndFinder {
  #haveKeysSpaces = false;
  #haveValuesSpaces = false;
  #haveLineEnds = false;
  /** The number of records since the last call of `examine`, and the lengths of their keys in UTF-16 units. */
  #records = 0;
  readonly #keyLengths: number[] = [];

  /** Notes the key of the next record. */
  noteKey(key: string): void {
    this.#keyLengths[this.#records++] = key.length;
  }

  /**
   * Examines the text of the records whose keys were noted since the last call: for each its key, a space, its value,
   * and a line end. `bytes` is the text in UTF-8, at an offset of whole words in its buffer.
   */
  examine(text: string, bytes: Uint8Array): void {
    const records = this.#records;
    this.#records = 0;
    if (this.keyEnd === "unclear") return;
    const { spaces, lineEnds } = countSeparators(bytes);
    if (lineEnds > records) this.#haveLineEnds = true;
    else if (spaces > records) this.#examineEach(text, records);
  }

  /** The result for the records up to now. */
  get keyEnd(): TextKeyEnd {
    if (this.#haveLineEnds) return "unclear";
    if (!this.#haveKeysSpaces) return "first space";
    return this.#haveValuesSpaces ? "unclear" : "last space";
  }

  #examineEach(text: string, records: number): void {
    let start = 0;
    for (let record = 0; record < records; record++) {
      const keyEnd = start + (this.#keyLengths[record] ?? 0);
      const end = text.indexOf("\n", start);
      if (text.indexOf(" ", start) < keyEnd) this.#haveKeysSpaces = true;
      if (text.lastIndexOf(" ", end) > keyEnd) this.#haveValuesSpaces = true;
      start = end + 1;
    }
  }
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
