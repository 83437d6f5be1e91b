/**
 * The line format of intermediate files (`mr-X-Y`): JSON Lines in key order, one line a key, as in
 *
 *     ["the",["1"],[4312]]
 *
 * the key, its values in the order in which they were emitted, and how often each of them repeats in a row. The third
 * element is left out when all repeat once. A key with many values takes several consecutive lines, so that a reader
 * never holds more than a line: at most 1024 values and 16 Ki characters of them, unless a single value is longer.
 * Strings are escaped by JSON, lone surrogates included, so the file is valid UTF-8 and a newline always ends a line.
 */
import type { JsonValue } from "../app/contract.js";
import { DamagedInputError } from "./damaged-input-error.js";

/** Most values in a line. */
export const lineValuesMax = 1024;
/** Most UTF-16 units of values in a line, unless a single value is longer. */
export const lineCharactersMax = 16 * 1024;

/** One line: some or all values of a key. */
export interface IntermediateLine {
  readonly key: string;
  /** At least one value. */
  readonly values: readonly JsonValue[];
  /** How often each value repeats in a row, as long as `values`; undefined when each is there once. */
  readonly counts: readonly number[] | undefined;
}

/**
 * Reads a line, given without its newline. Throws a DamagedInputError that names file and line when it is anything but
 * what `IntermediateWriter` writes; only counts that are all 1 are taken, too.
 */
export function decodeLine(text: string, location: string, lineNumber: number): IntermediateLine {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch (cause) {
    throw new DamagedInputError(location, `is damaged: line ${lineNumber} is not JSON`, { cause });
  }
  if (isLine(line)) return { key: line[0], values: line[1], counts: line[2] };
  throw new DamagedInputError(location, `is damaged: line ${lineNumber} is not [key, values] or [key, values, counts]`);
}

function isLine(line: unknown): line is [string, JsonValue[], number[]?] {
  if (!Array.isArray(line) || line.length < 2 || line.length > 3) return false;
  const [key, values, counts] = line as unknown[];
  if (typeof key !== "string" || !Array.isArray(values) || values.length === 0) return false;
  return line.length === 2 || (Array.isArray(counts) && counts.length === values.length && counts.every(isCount));
}

function isCount(count: unknown): boolean {
  return Number.isSafeInteger(count) && (count as number) >= 1;
}
