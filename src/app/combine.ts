import type { CombineResult, JsonValue } from "./contract.js";
import { shownKey } from "./given.js";
import { isAsyncIterator, isIterator, isThenable } from "./json-value.js";

export type Combine = (key: string, values: JsonValue[]) => CombineResult;

/**
 * Returns the values that `combine` yielded for a key, or the single value that it returned. The caller checks each
 * value with `jsonText`. `hasArrays` says whether any value passed to `combine` was an array.
 *
 * Throws a TypeError when `combine` returned a promise, no value, or an array although no input was an array. Such an
 * array is most likely a list of values, which `reduce` would take for a single value.
 */
export function combinedValues(key: string, result: unknown, hasArrays: boolean): unknown[] {
  if (isThenable(result)) throw refusal(key, "a promise: combine is called synchronously; return the value itself");
  if (isAsyncIterator(result)) {
    throw refusal(key, "an asynchronous generator: combine is called synchronously; make it a plain function*");
  }
  const values = isIterator(result) ? [...result] : [result];
  if (values.length === 0) throw refusal(key, "no value: yield at least one");
  if (!hasArrays && values.some((value) => Array.isArray(value))) {
    throw refusal(
      key,
      "an array, but was given none: an array is one value, not a list of several; combine must return one value of the " +
        "kind that map emits, or be a generator (function*) that yields several",
    );
  }
  return values;
}

function refusal(key: string, what: string): TypeError {
  return new TypeError(`combine: for key ${shownKey(key)} it gave ${what}`);
}
