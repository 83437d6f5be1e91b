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

/** Examines the records of a file. */
export class TextKeyEndFinder {
  #haveKeysSpaces = false;
  #haveValuesSpaces = false;
  #haveLineEnds = false;

  /** Examines a record: `key`, a space, the value, and a line end. */
  note(key: string, record: string): void {
    if (key.includes(" ")) this.#haveKeysSpaces = true;
    if (record.indexOf("\n") < record.length - 1) this.#haveLineEnds = true;
    if (!this.#haveValuesSpaces && record.includes(" ", key.length + 1)) this.#haveValuesSpaces = true;
  }

  /** The result for the records up to now. */
  get keyEnd(): TextKeyEnd {
    if (this.#haveLineEnds) return "unclear";
    if (!this.#haveKeysSpaces) return "first space";
    return this.#haveValuesSpaces ? "unclear" : "last space";
  }
}
