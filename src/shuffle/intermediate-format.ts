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
import type { StagedFile } from "../output/staged-file.js";
import { DamagedInputError } from "./damaged-input-error.js";

const lineValuesMax = 1024;
const lineCharactersMax = 16 * 1024;

/** One line: some or all values of a key. */
export interface IntermediateLine {
  readonly key: string;
  /** At least one value. */
  readonly values: readonly JsonValue[];
  /** How often each value repeats in a row, as long as `values`; undefined when each is there once. */
  readonly counts: readonly number[] | undefined;
}

/** Appends a key with its values, given as their JSON texts, and how often each repeats. There is at least one value. */
export function appendKey(file: StagedFile, key: string, texts: readonly string[], counts: readonly number[]): void {
  const keyText = JSON.stringify(key);
  for (let start = 0; start < texts.length;) {
    const end = lineEnd(texts, start);
    const lineCounts = counts.slice(start, end);
    const countsText = lineCounts.every((count) => count === 1) ? "" : `,[${lineCounts.join(",")}]`;
    file.append(`[${keyText},[${texts.slice(start, end).join(",")}]${countsText}]\n`);
    start = end;
  }
}

/**
 * Reads a line, given without its newline. Throws a DamagedInputError that names file and line when it is anything but
 * what `appendKey` writes; only counts that are all 1 are taken, too.
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

/** One past the last value of the line that begins with the value at `start`. */
function lineEnd(texts: readonly string[], start: number): number {
  const endMax = Math.min(texts.length, start + lineValuesMax);
  let end = start;
  let characters = 0;
  do characters += texts[end++]?.length ?? 0;
  while (end < endMax && characters + (texts[end]?.length ?? 0) <= lineCharactersMax);
  return end;
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
