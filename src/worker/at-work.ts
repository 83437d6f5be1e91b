/**
 * The record or key that an app was given when it threw, for the message about its error. It is kept beside the error, since
 * the error is the app's own.
 */
import { inspect } from "node:util";
import { shownKey } from "../app/given.js";
import { isObject } from "../app/json-value.js";
import { atWorkCharactersMax } from "../model/attempt-limits.js";

const notes = new WeakMap<object, string>();

/** Notes that `reduce` threw this error at a key. */
export function noteKey(error: unknown, key: string): void {
  note(error, `at key ${shownKey(key)}`);
}

/** Notes that `map` threw this error at a record, by the beginning of its value. */
export function noteRecord(error: unknown, value: unknown): void {
  note(error, `the record: ${shownRecord(value)}`);
}

/** The note about an error. Errors that are not objects have none. */
export function atWorkOf(error: unknown): string | undefined {
  return isObject(error) ? notes.get(error) : undefined;
}

function note(error: unknown, text: string): void {
  if (isObject(error)) notes.set(error, text.slice(0, atWorkCharactersMax));
}

/** On one line, and cut. Bytes are shown as the text that they most likely are. */
function shownRecord(value: unknown): string {
  const charactersMax = atWorkCharactersMax / 2;
  const text = value instanceof Uint8Array ? Buffer.from(value.subarray(0, 2 * charactersMax)).toString() : value;
  const shown =
    typeof text === "string"
      ? JSON.stringify(text.slice(0, charactersMax + 1))
      : inspect(text, {
          depth: 2,
          breakLength: Infinity,
          maxStringLength: charactersMax,
          maxArrayLength: 10,
          customInspect: false,
        });
  return shown.length <= charactersMax ? shown : `${shown.slice(0, charactersMax)}…`;
}
