/** Checks of what app code gives: keys and values, by `emit`, `combine` and `reduce`. */

/**
 * The JSON text of a value that app code gave for a key; apps in plain JavaScript can give anything.
 *
 * Throws a TypeError that says who gave it (`giver`, as in "emit"), for which key, and why JSON cannot hold it: it has
 * no JSON text (undefined, a function, a symbol, a bigint, a cycle), or only the text of another value (NaN and
 * Infinity become null). Below the top level a value becomes what `JSON.stringify` makes of it.
 */
export function jsonText(giver: string, key: string, value: unknown): string {
  if (isThenable(value)) throw noJson(giver, key, "it is a promise (is an `await` missing?)");
  let text: string | undefined;
  try {
    text = stringify(value);
  } catch (error) {
    throw noJson(giver, key, error instanceof Error ? firstLine(error.message) : "it fails", error);
  }
  if (text === undefined)
    throw noJson(
      giver,
      key,
      value === undefined
        ? "it is undefined"
        : typeof value === "object"
          ? "it becomes undefined"
          : `it is a ${typeof value}`,
    );
  if (text === "null" && value !== null) {
    throw noJson(giver, key, typeof value === "number" ? `it is ${value}` : "it would become null");
  }
  return text;
}

/** `JSON.stringify` as it is: its declaration says that the result is always a string. */
const stringify: (value: unknown) => string | undefined = JSON.stringify;

/** Whether app code gave a promise, of whatever kind. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** Throws a TypeError when app code gave a key that is no string. */
export function requireStringKey(giver: string, key: unknown): asserts key is string {
  if (typeof key === "string") return;
  if (isThenable(key))
    throw new TypeError(`${giver}: a key must be a string, not a promise (is an \`await\` missing?)`);
  const shown = typeof key === "number" || typeof key === "boolean" ? `${typeof key} ${String(key)}` : typeof key;
  throw new TypeError(`${giver}: a key must be a string, not ${key === null ? "null" : shown}`);
}

/** A key as it is shown in messages: quoted, on one line, and not longer than a line. */
export function shownKey(key: string): string {
  return key.length <= 60 ? JSON.stringify(key) : `${JSON.stringify(key.slice(0, 60))}… (${key.length} characters)`;
}

function noJson(giver: string, key: string, why: string, cause?: unknown): TypeError {
  return new TypeError(`${giver}: JSON cannot hold the value of key ${shownKey(key)}: ${why}`, { cause });
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0] ?? "";
}
