/** Tells JSON Lines from other JSON, such as an array or indented documents, which must not be read line by line. */
import type { JsonValue } from "../app/contract.js";
import { shellName } from "./binary-format.js";
import { UnreadableInputError } from "./unreadable-input-error.js";

/**
 * The layout of a file whose first line does not parse; `ahead` are the lines after it. Undefined for JSON Lines with a
 * malformed first line.
 */
export function shapeOf(firstLine: string, ahead: readonly string[]): "array" | "document" | undefined {
  const first = firstLine.trim();
  const isArray = first.startsWith("[");
  if (!isArray && !first.startsWith("{")) return undefined;
  // Even when each element has a line of its own, and parses.
  if (first === "[") return "array";
  const next = ahead.find((line) => line.trim() !== "");
  if (next === undefined || isDocument(next)) return undefined;
  if (isArray) return "array";
  return /[{[,:]$/.test(first) ? "document" : undefined;
}

/** Whether a file's only document is an array whose elements should be lines. An array of plain values is taken for a row. */
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
    `${file} is ${what}, and input "jsonl" is one JSON document per line; convert it first: jq -c ${filter} ${shellName(file)} > FILE.jsonl`,
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
