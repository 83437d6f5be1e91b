import { expect, it } from "vitest";
import { thrownText } from "../../src/app/thrown.js";

const withName = (name: unknown) => Object.assign(new Error("no"), { name });

it.each([
  [new RangeError("no"), "RangeError: no"],
  [withName(Symbol("odd")), "Symbol(odd): no"],
  [Object.assign(new Error(), { message: { is: "odd" } }), "Error: { is: 'odd' }"],
  [Object.create(null), "the app threw [Object: null prototype] {}"],
  ["a text", "the app threw 'a text'"],
  [undefined, "the app threw undefined"],
])("whatever app code throws has a text (%#)", (thrown, text) => {
  expect(thrownText(thrown)).toBe(text);
});
