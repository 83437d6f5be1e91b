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

const [lineEnd, space] = [0x0a, 0x20];

/**
 * Examines the records of a file. It counts the spaces and line ends of many records at a time: looking for them in each
 * record would copy the record, which is still in pieces.
 */
export class TextKeyEndFinder {
  #haveKeysSpaces = false;
  #haveValuesSpaces = false;
  #haveLineEnds = false;
  /** Since the last call of `noteText`: the number of records, and the spaces in their keys. */
  #records = 0;
  #keySpaces = 0;

  /** Notes the key of the next record. */
  noteKey(key: string): void {
    this.#records += 1;
    if (key.includes(" ")) {
      this.#haveKeysSpaces = true;
      this.#keySpaces += key.split(" ").length - 1;
    }
  }

  /** Examines the text of the records since the last call. Each is the key, a space, the value, and a line end. */
  noteText(text: string): void {
    let lineEnds = 0;
    let spaces = 0;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit === lineEnd) lineEnds++;
      else if (unit === space) spaces++;
    }
    if (lineEnds > this.#records) this.#haveLineEnds = true;
    if (spaces > this.#records + this.#keySpaces) this.#haveValuesSpaces = true;
    this.#records = 0;
    this.#keySpaces = 0;
  }

  /** The result for the records up to now. */
  get keyEnd(): TextKeyEnd {
    if (this.#haveLineEnds) return "unclear";
    if (!this.#haveKeysSpaces) return "first space";
    return this.#haveValuesSpaces ? "unclear" : "last space";
  }
}
