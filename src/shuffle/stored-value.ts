/**
 * Values as texts in the slab, in runs and in intermediate files: JSON in which a bigint must not become a number. A
 * bigint is its digits after a tab, which JSON allows there and `JSON.stringify` never writes; in a string a tab is
 * escaped. So `1152921504606846976`, the JSON text of 2 ** 60, stays a number, and a bigint stays a bigint, whatever
 * its size.
 */
import type { JsonValue } from "../app/contract.js";
import { jsonText } from "../app/given.js";

const bigintMark = "\t";
const markedBigint = /^\t-?(?:0|[1-9]\d*)$/;

/** The text of a value that app code supplied. Throws what `jsonText` throws. */
export function storedText(giver: string, key: string, value: unknown): string {
  const text = jsonText(giver, key, value);
  return typeof value === "bigint" ? bigintMark + text : text;
}

/** The value of a text. Throws a SyntaxError when the text is not a value. */
export function storedValue(text: string): JsonValue {
  if (text.startsWith(bigintMark) && markedBigint.test(text)) return BigInt(text.slice(bigintMark.length));
  return JSON.parse(text) as JsonValue;
}

/** Whether a JSON array of texts contains a bigint. */
export function hasBigint(text: string): boolean {
  return text.includes(bigintMark);
}
