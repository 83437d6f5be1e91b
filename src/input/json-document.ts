/**
 * Parses a JSON document as `JSON.parse` does, except for numbers that a double cannot represent: `JSON.parse` silently rounds
 * integers beyond 2^53, and turns numbers beyond 1.8e308 into Infinity.
 *
 * `parseDocument` replaces these integers in the text and leaves the rest to `JSON.parse`, so that all else is the same.
 */
import type { JsonValue, JsonlOptions } from "../app/contract.js";

export type Integers = NonNullable<JsonlOptions["integers"]>;

/** The next string or number. `JSON.parse` refuses malformed numbers later. */
const quoteOrNumber = /"|-?\d[\d.eE+-]*/g;
const integer = /^-?[1-9]\d*$/;
/** A string followed by a colon is a property name, which a number cannot be. */
const colon = /\s*:/y;

/** Private-use characters. A character that does not occur in a document marks the integers in its text. */
const [firstMark, lastMark] = [0xe000, 0xf8ff];

/** A number in a document is too large for a double, or an integer cannot be read. */
export class LargeNumberError extends SyntaxError {
  override readonly name = "LargeNumberError";
}

/** Throws a SyntaxError for what is not JSON, and a LargeNumberError for a number that is too large for a double. */
export function parseDocument(text: string, integers: Integers): JsonValue {
  const mark = integers === "bigint" ? unusedCharacter(text) : "";
  const replaced = replaceIntegers(text, integers, mark);
  if (replaced === text) return JSON.parse(text) as JsonValue;
  let document: JsonValue;
  try {
    document = JSON.parse(replaced) as JsonValue;
  } catch {
    // The error must describe the document as it was written.
    JSON.parse(text);
    throw new SyntaxError("it is not JSON");
  }
  return mark === "" ? document : restoreIntegers(document, mark);
}

/** Replaces each integer that a double cannot represent with a string that begins with `mark`. */
function replaceIntegers(text: string, integers: Integers, mark: string): string {
  let replaced = "";
  let copied = 0;
  let tooLarge: string | undefined;
  quoteOrNumber.lastIndex = 0;
  for (let found = quoteOrNumber.exec(text); found !== null; found = quoteOrNumber.exec(text)) {
    const [token] = found;
    if (token === '"') {
      quoteOrNumber.lastIndex = stringEnd(text, found.index + 1);
      continue;
    }
    const number = Number(token);
    colon.lastIndex = quoteOrNumber.lastIndex;
    if (integers !== "number" && integer.test(token) && !Number.isSafeInteger(number) && !colon.test(text)) {
      replaced += `${text.slice(copied, found.index)}"${mark}${token}"`;
      copied = quoteOrNumber.lastIndex;
    } else if (Math.abs(number) === Infinity) tooLarge ??= token;
  }
  if (tooLarge !== undefined) {
    JSON.parse(text);
    const shown = tooLarge.length > 40 ? `${tooLarge.slice(0, 40)}…` : tooLarge;
    throw new LargeNumberError(
      `the number ${shown} is larger than a JavaScript number can be (1.8e308); write it as a string`,
    );
  }
  return copied === 0 ? text : replaced + text.slice(copied);
}

/** The position after the closing quote of the string that contains `from`. */
function stringEnd(text: string, from: number): number {
  for (let at = from; ;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let backslashes = quote;
    while (backslashes > from && text[backslashes - 1] === "\\") backslashes--;
    if ((quote - backslashes) % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

/** A character that no string of the document contains, neither literally nor escaped. */
function unusedCharacter(text: string): string {
  const hasEscapes = text.includes("\\u");
  for (let code = firstMark; code <= lastMark; code++) {
    const character = String.fromCharCode(code);
    if (!text.includes(character) && !(hasEscapes && new RegExp(`\\\\u${code.toString(16)}`, "i").test(text)))
      return character;
  }
  throw new LargeNumberError(
    "it has an integer beyond 2^53 and every character from U+E000 to U+F8FF; write the integer as a string",
  );
}

/** Replaces each string that begins with `mark` with a bigint. It does not recurse: a document can have any depth. */
function restoreIntegers(document: JsonValue, mark: string): JsonValue {
  const root: Container = { document };
  const containers = [root];
  for (let container = containers.pop(); container !== undefined; container = containers.pop()) {
    for (const name of Object.keys(container)) {
      const value = name === "__proto__" ? ownProto(container) : container[name];
      if (typeof value === "object" && value !== null) containers.push(value as Container);
      else if (typeof value === "string" && value.startsWith(mark)) {
        Object.defineProperty(container, name, { value: BigInt(value.slice(1)) });
      }
    }
  }
  return root["document"] as JsonValue;
}

/** An object or an array. */
type Container = Record<string, JsonValue>;

/** A property that `JSON.parse` has made an own property. */
function ownProto(container: Container): JsonValue | undefined {
  return Object.getOwnPropertyDescriptor(container, "__proto__")?.value as JsonValue | undefined;
}
