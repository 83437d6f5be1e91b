/** Tells JSON Lines from a JSON document that is laid out otherwise: such a file must not be read line by line. */
import type { JsonValue } from "../app/contract.js";
import { UnreadableInputError } from "./unreadable-input-error.js";

/**
 * What a file is whose first line is no document, and `ahead` the lines after it: undefined when it is JSON Lines with
 * a malformed first line.
 */
export function shapeOf(firstLine: string, ahead: readonly string[]): "array" | "document" | undefined {
  const first = firstLine.trim();
  const isArray = first.startsWith("[");
  if (!isArray && !first.startsWith("{")) return undefined;
  // An array of which each element has its line.
  if (first === "[") return "array";
  const next = ahead.find((line) => line.trim() !== "");
  if (next === undefined || isDocument(next)) return undefined;
  if (isArray) return "array";
  return /[{[,:]$/.test(first) ? "document" : undefined;
}

/** Whether a document that is a whole file is an array of what should be its lines. A list of numbers or strings is a row. */
export function isArrayOfRecords(document: JsonValue): boolean {
  return (
    Array.isArray(document) &&
    document.length > 0 &&
    document.every((item) => typeof item === "object" && item !== null)
  );
}

/** The error for such a file. */
export function notJsonLines(file: string, shape: "array" | "document"): UnreadableInputError {
  const what = shape === "array" ? "a JSON array" : "JSON over several lines";
  const filter = shape === "array" ? "'.[]'" : ".";
  return new UnreadableInputError(
    `${file} is ${what}, and input "jsonl" is one JSON document a line; convert it first: jq -c ${filter} FILE > FILE.jsonl`,
  );
}

function isDocument(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
