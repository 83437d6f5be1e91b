import fc from "fast-check";
import type { JsonValue, KeyValue } from "../../src/app/contract.js";

const characters = [
  "a",
  "b",
  "é",
  " ",
  "\0",
  "\n",
  "\r\n",
  '"',
  "\\",
  "\u007f",
  "\u0080",
  "\u07ff",
  "\u0800",
  "\u2028",
  "\u2029",
  "\ud7ff",
  // Surrogates, alone or in accidental pairs, and their neighbours.
  "\ud800",
  "\ud83d",
  "\udbff",
  "\udc00",
  "\ude00",
  "\udfff",
  "\ue000",
  "\ufeff",
  "\ufffd",
  "\uffff",
  "\u{10000}",
  "😀",
  "\u{10ffff}",
];

/** Strings full of characters that cause trouble between UTF-16, UTF-8, JSON and lines. */
const hostileString: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...characters), { maxLength: 6 })
  .map((parts) => parts.join(""));

export const hostileKey: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: hostileString },
  { weight: 1, arbitrary: fc.constantFrom("", "__proto__", "constructor", "toString", "hasOwnProperty", "the") },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
);

/** JSON values of every kind; many are equal to each other, so that they repeat. */
export const jsonValue: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<JsonValue>("1", 1, "", null, true, false, [], {}, [1], { a: 1 }, { b: [] }) },
  { weight: 1, arbitrary: hostileString },
  { weight: 1, arbitrary: fc.jsonValue() as fc.Arbitrary<JsonValue> },
);

/** Pairs as a map task may emit them: few distinct keys, so that keys have several values. */
export const pairs: fc.Arbitrary<KeyValue[]> = fc
  .uniqueArray(hostileKey, { minLength: 1, maxLength: 8 })
  .chain((keys) => fc.array(fc.record({ key: fc.constantFrom(...keys), value: jsonValue }), { maxLength: 40 }));
