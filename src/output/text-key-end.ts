/**
 * Where the key of a `text` record ends. The format is the lab's, `key value`, and a key may contain spaces. So the
 * writer of a file records what a reader needs to find the keys.
 */
import type { JsonValue } from "../app/contract.js";

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

  /**
   * Examines a record: `key`, a space, the text of `value`, and a line end. Searches the key and the value, not the record,
   * which V8 would have to copy for that. The text of a number has neither spaces nor line ends.
   */
  note(key: string, value: JsonValue, record: string): void {
    if (key.includes(" ")) this.#haveKeysSpaces = true;
    if (key.includes("\n")) this.#haveLineEnds = true;
    if (typeof value === "string") {
      if (!this.#haveValuesSpaces && value.includes(" ")) this.#haveValuesSpaces = true;
      if (value.includes("\n")) this.#haveLineEnds = true;
    } else if (typeof value !== "number" && !this.#haveValuesSpaces) {
      // JSON has spaces in its strings, and no line ends.
      this.#haveValuesSpaces = record.includes(" ", key.length + 1);
    }
  }

  /** The result for the records up to now. */
  get keyEnd(): TextKeyEnd {
    if (this.#haveLineEnds) return "unclear";
    if (!this.#haveKeysSpaces) return "first space";
    return this.#haveValuesSpaces ? "unclear" : "last space";
  }
}
