import type { CombineResult, JsonValue } from "./contract.js";
import { shownKey } from "./given.js";
import { isAsyncIterator, isIterator, isThenable } from "./json-value.js";

/** The app's `combine`, for values of any type. */
export type Combine = (key: string, values: JsonValue[]) => CombineResult;

/**
 * The values that `combine` yielded for a key, or the single value that it returned. The caller checks each of them
 * (`jsonText`). `hasArrays` says whether `combine` was given an array among its values.
 *
 * Throws a TypeError when `combine` gave a promise, no value, or an array without having been given one. Such an array is most
 * likely a list of values, and `reduce` would take it for one value.
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
      "an array, and was given none: an array is one value, not a list of several; combine must return one value of the " +
        "kind that map emits, or be a generator (function*) that yields several",
    );
  }
  return values;
}

function refusal(key: string, what: string): TypeError {
  return new TypeError(`combine: for key ${shownKey(key)} it gave ${what}`);
}
