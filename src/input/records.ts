import { constants } from "node:buffer";
import { readFileSync } from "node:fs";
import prettyBytes from "pretty-bytes";
import type { Split } from "../rpc/protocol.js";

/** One unit handed to `map`. */
export interface InputRecord {
  readonly key: string;
  readonly value: string;
  /** Where it begins in the file, in bytes. */
  readonly offset: number;
  readonly bytes: number;
}

/**
 * The records of a split: with `input = "file"` a single one, the whole file as it is when it is read.
 *
 * Bytes that are not UTF-8 become U+FFFD. Throws when the file cannot be read or is too long for a string.
 */
export function* readRecords(split: Split): Generator<InputRecord, void, undefined> {
  const bytes = readFileSync(split.path);
  // A string is counted in UTF-16 units, of which UTF-8 text has at most as many as bytes.
  if (bytes.length > constants.MAX_STRING_LENGTH) {
    throw new Error(
      `${split.file} has ${prettyBytes(bytes.length)}, more than one string can hold ` +
        `(${prettyBytes(constants.MAX_STRING_LENGTH)}): cut it into several files`,
    );
  }
  yield { key: split.file, value: bytes.toString("utf8"), offset: 0, bytes: bytes.length };
}
