/**
 * The line format of intermediate files (`mr-X-Y`): JSON Lines in key order, one line per key, as in
 *
 *     ["the",["1"],[4312]]
 *
 * The elements are the key, its values in the order in which they were emitted, and how often each repeats in a row.
 * The third element is absent when every count is 1. A key with many values takes several consecutive lines, so that a
 * reader never holds more than a line: at most 1024 values and 16 Ki characters, unless a single value is longer. JSON
 * escapes strings, lone surrogates included, so the file is valid UTF-8 and a newline always ends a line.
 */
import { DamagedInputError } from "./merge/damaged-input-error.js";

/** Most values in a line. */
export const lineValuesMax = 1024;
/** Most UTF-16 units of values in a line, unless a single value is longer. */
export const lineCharactersMax = 16 * 1024;

/** The error for a line, given without its newline, that `IntermediateWriter` cannot have written. */
export function damagedLine(text: string, location: string, lineNumber: number): DamagedInputError {
  try {
    JSON.parse(text);
  } catch (cause) {
    return new DamagedInputError(location, `is damaged: line ${lineNumber} is not JSON`, { cause });
  }
  const shape = "[key, values] or [key, values, counts]";
  return new DamagedInputError(location, `is damaged: line ${lineNumber} is not ${shape}`);
}
