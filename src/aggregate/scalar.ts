import { ownString } from "../app/own-string.js";
import { shownValue, UnusableValue } from "./unusable-value.js";

/** A value without parts. */
export type Scalar = string | number | bigint | boolean | null;

/**
 * Returns a value that must not be an array or object, which could be mistaken for the state of an aggregator. `what`
 * says what is wanted instead: "count takes no objects; emit null".
 */
export function scalar(value: unknown, what: string): Scalar {
  switch (typeof value) {
    case "string":
    case "bigint":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      break;
    case "object":
      if (value === null) return value;
  }
  throw new UnusableValue(`is ${shownValue(value)}, but ${what}`);
}

/** An equal value that can stay in memory for long: see `ownString`. */
export function ownScalar<Value extends Scalar>(value: Value): Value {
  return typeof value === "string" ? (ownString(value) as Value) : value;
}

/** A scalar as JSON: a bigint is an array of its digits. */
export type StoredScalar = string | number | boolean | null | readonly [digits: string];

export function storedScalar(value: Scalar): StoredScalar {
  return typeof value === "bigint" ? [String(value)] : value;
}

export function restoredScalar(stored: StoredScalar): Scalar {
  return typeof stored === "object" && stored !== null ? BigInt(stored[0]) : stored;
}

/** Compares strings by code points, the order of their UTF-8 bytes. */
export function compareStrings(a: string, b: string): number {
  const common = Math.min(a.length, b.length);
  for (let at = 0; at < common; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)];
    // A surrogate is half of a code point above all other code units.
    if (one !== other) return rank(one) - rank(other);
  }
  return a.length - b.length;
}

/** Moves the surrogates, 0xd800 … 0xdfff, behind all other code units. */
function rank(unit: number): number {
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
