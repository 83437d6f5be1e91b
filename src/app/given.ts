/** Validates the keys and values that app code passes to `emit` or returns from `combine` and `reduce`. */
import { isThenable, jsonValueOf, ValueProblem } from "./json-value.js";

/**
 * Returns the JSON text of a value that app code gave for a key, as written to an output file; a bigint becomes its
 * digits. Apps in plain JavaScript can pass anything.
 *
 * Throws a TypeError that names the source (`giver`, for example "emit"), the key, and the part of the value that
 * cannot travel (`json-value.ts`).
 */
export function jsonText(giver: string, key: string, value: unknown): string {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return value.toString();
  try {
    return JSON.stringify(jsonValueOf(value));
  } catch (error) {
    throw noJson(giver, key, error);
  }
}

/** Throws the same TypeError as `jsonText` for a value that cannot travel. */
export function requireValue(giver: string, key: string, value: unknown): void {
  if (typeof value === "string" || typeof value === "bigint" || Number.isFinite(value)) return;
  try {
    jsonValueOf(value);
  } catch (error) {
    throw noJson(giver, key, error);
  }
}

/** Throws a TypeError when app code passed a key that is not a string. */
export function requireStringKey(giver: string, key: unknown): asserts key is string {
  if (typeof key === "string") return;
  if (isThenable(key))
    throw new TypeError(`${giver}: a key must be a string, not a promise (is an \`await\` missing?)`);
  throw new TypeError(`${giver}: a key must be a string, not ${shownOther(key)}`);
}

function shownOther(key: unknown): string {
  if (key === null || key === undefined) return String(key);
  const hint = "; use String(key)";
  if (typeof key === "number" || typeof key === "boolean") return `${typeof key} ${String(key)}${hint}`;
  if (typeof key === "bigint") return `bigint ${String(key).slice(0, 60)}${hint}`;
  return typeof key === "object" ? "object; use JSON.stringify(key), or one of its properties" : typeof key;
}

/** Formats a key for messages: quoted, on one line, truncated to fit. */
export function shownKey(key: string): string {
  return key.length <= 60 ? JSON.stringify(key) : `${JSON.stringify(key.slice(0, 60))}… (${key.length} characters)`;
}

function noJson(giver: string, key: string, cause: unknown): TypeError {
  return new TypeError(`${giver}: JSON cannot hold the value of key ${shownKey(key)}: ${problemText(cause)}`, {
    cause,
  });
}

function problemText(error: unknown): string {
  if (error instanceof ValueProblem) return error.message;
  // Any runaway recursion ends with this error.
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    return "value is nested too deeply; emit a flatter value";
  }
  return `it cannot be converted to JSON: ${error instanceof Error ? firstLine(error.message) : String(error)}`;
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0] ?? "";
}
