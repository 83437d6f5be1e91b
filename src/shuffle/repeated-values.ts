/**
 * Equal consecutive values of a key travel as one value and a count. Here they become values again: an object or array
 * is copied for each repetition, so that an app that changes one does not see the change in the next. Strings, numbers,
 * booleans and null cannot be changed and are handed out as they are.
 */
import type { JsonValue } from "../app/contract.js";

/** Appends `value` to `values`, `count` times. */
export function pushRepeated(values: JsonValue[], value: JsonValue, count: number): void {
  const next = repeater(value, count);
  for (let left = count; left > 0; left--) values.push(next());
}

/** Yields `value`, `count` times. */
export function* repeated(value: JsonValue, count: number): Generator<JsonValue, void, undefined> {
  const next = repeater(value, count);
  for (let left = count; left > 0; left--) yield next();
}

function repeater(value: JsonValue, count: number): () => JsonValue {
  if (count === 1 || typeof value !== "object" || value === null) return () => value;
  // Taken before the first copy is handed out and can be changed.
  const text = JSON.stringify(value);
  return () => JSON.parse(text) as JsonValue;
}
