/** Converts option values in JavaScript, as in a config file, to the text that the command line has for them. */
import { inspect } from "node:util";
import type { optionKinds, OptionName } from "../app/define-config.js";
import { flagOf } from "./option-parsers.js";

/** What a value of each kind is in JavaScript, and how to convert it to command-line text; undefined if it is something else. */
export const valueKinds: Readonly<
  Record<(typeof optionKinds)[OptionName], { wanted: string; textsOf: (value: unknown) => string[] | undefined }>
> = {
  flag: { wanted: "true or false", textsOf: (value) => (typeof value === "boolean" ? [String(value)] : undefined) },
  switch: {
    wanted: "true or false",
    textsOf: (value) => (typeof value === "boolean" ? [value ? "on" : "off"] : undefined),
  },
  text: { wanted: "a string", textsOf: (value) => (typeof value === "string" ? [value] : undefined) },
  optional: {
    wanted: "a string, true or false",
    textsOf: (value) => {
      if (typeof value === "boolean") return [attachedText(String(value))];
      return typeof value === "string" ? [value] : undefined;
    },
  },
  number: { wanted: "a number", textsOf: (value) => (typeof value === "number" ? [String(value)] : undefined) },
  measure: {
    wanted: `a string with a unit, such as "20s" or "64MiB", or a number`,
    textsOf: (value) => (typeof value === "string" || typeof value === "number" ? [String(value)] : undefined),
  },
  list: {
    wanted: "a list of strings",
    textsOf: (value) => (Array.isArray(value) && value.every((each) => typeof each === "string") ? value : undefined),
  },
  pairs: {
    wanted: "an object of names and values, with integers beyond 2^53 as strings",
    textsOf: (value) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
      const pairs = Object.entries(value).map(([name, each]: [string, unknown]) =>
        isScalar(each) ? `${name}=${each}` : undefined,
      );
      return pairs.every((pair) => pair !== undefined) ? pairs : undefined;
    },
  },
};

/** JavaScript has rounded integers beyond 2^53: the job would use a different number than the user wrote. */
function isScalar(value: unknown): value is string | number | boolean {
  if (typeof value === "number") return Number.isSafeInteger(value) || (Number.isFinite(value) && value % 1 !== 0);
  return typeof value === "string" || typeof value === "boolean";
}

/** The text that turns an option with an optional value off. */
export const off = "off";

/** Converts a variable for an option with an optional value to the text that the command line has behind `=`. */
export function attachedText(text: string): string {
  const flag = flagOf(text);
  return flag === undefined ? text : flag ? "" : off;
}

/** Says that the value of an option is invalid, and shows the value. The caller adds what it must be. */
export function invalidValueText(place: string, value: unknown): string {
  const shown = inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 100, maxArrayLength: 5 });
  return `value ${shown} of ${place} is invalid.`;
}
