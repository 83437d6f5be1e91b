/**
 * Equal consecutive values of a key travel as one value and a count. Here they become values again: an object or array
 * is copied for each repetition, so that an app that changes one copy does not see the change in the next. Strings,
 * numbers, booleans and null are immutable and need no copy.
 */
import type { JsonValue } from "../app/contract.js";

/** From this length on, an array is made in one step. */
const filledMin = 64;
/** V8 makes a hash table of a longer array. */
const filledMax = 32 * 1024 * 1024;

/** Appends `value` to `values`, `count` times. Returns the array to use instead of `values` from now on. */
export function withRepeated(values: JsonValue[], value: JsonValue, count: number): JsonValue[] {
  const text = count === 1 ? undefined : textToCopy(value);
  if (text === undefined) {
    if (values.length > 0 || count < filledMin) return pushRepeated(values, value, count);
    const filled = new Array<JsonValue>(Math.min(count, filledMax)).fill(value);
    return pushRepeated(filled, value, count - filled.length);
  }
  for (let left = count; left > 0; left--) values.push(JSON.parse(text) as JsonValue);
  return values;
}

function pushRepeated(values: JsonValue[], value: JsonValue, count: number): JsonValue[] {
  for (let left = count; left > 0; left--) values.push(value);
  return values;
}

/** The JSON text of a value that must be copied, undefined for an immutable value. */
export function textToCopy(value: JsonValue): string | undefined {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : undefined;
}
