import { expect, it } from "vitest";
import { readableError, thrownText } from "../../src/app/thrown.js";

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

const refused = new Error("connect ECONNREFUSED");
const failed = new TypeError("fetch failed", { cause: refused });
const looped = new Error("a");
looped.cause = new Error("b", { cause: looped });

it.each([
  [
    "all causes",
    new Error("no page", { cause: failed }),
    "Error: no page, caused by TypeError: fetch failed, caused by Error: connect ECONNREFUSED",
  ],
  ["a cause that is no error", new Error("no", { cause: { code: 7 } }), "Error: no, caused by { code: 7 }"],
  [
    "no cause that the message quotes",
    new Error("cannot open: fetch failed", { cause: failed }),
    "Error: cannot open: fetch failed, caused by Error: connect ECONNREFUSED",
  ],
  ["each error of a circle once", looped, "Error: a, caused by Error: b"],
  [
    "the first errors of an AggregateError",
    new AggregateError([new Error("x"), "y", new Error("z"), 1, 2], "all failed"),
    "AggregateError: all failed (Error: x; 'y'; Error: z; 2 more)",
  ],
  [
    "an AggregateError that is a cause",
    new Error("no", { cause: new AggregateError([refused]) }),
    "Error: no, caused by AggregateError (Error: connect ECONNREFUSED)",
  ],
])("the text of an error names %s", (_, thrown, text) => {
  expect(thrownText(thrown)).toBe(text);
});

it("has an end however long the chain of causes is", () => {
  let error = new Error("0");
  for (let n = 1; n < 100; n++) error = new Error(String(n), { cause: error });
  expect(thrownText(error).match(/caused by/g)?.length).toBeLessThan(10);
});

const throwing = () => {
  throw new RangeError("no getter");
};
const withGetter = (property: string) => Object.defineProperty(new Error("no"), property, { get: throwing });
const evil = () => {
  throw withGetter("message");
};

it.each([
  ["name", withGetter("name"), "RangeError: no getter"],
  ["message", withGetter("message"), "RangeError: no getter"],
  ["stack", withGetter("stack"), "RangeError: no getter"],
  ["cause", withGetter("cause"), "RangeError: no getter"],
  ["code", withGetter("code"), "RangeError: no getter"],
  ["prototype", new Proxy({}, { getPrototypeOf: throwing }), "RangeError: no getter"],
  [
    "message, which throws an error that is no better",
    Object.defineProperty(new Error(), "message", { get: evil }),
    "again",
  ],
])("an error whose %s cannot be read has another in its place", (_, thrown, why) => {
  expect(thrownText(readableError(thrown))).toBe(
    `Error: the app threw an error that cannot be shown, since reading it throws ${why}`,
  );
});

it("an error that can be read stays the same", () => {
  for (const thrown of [failed, looped, "text", null, undefined]) expect(readableError(thrown)).toBe(thrown);
});

it("a very long message is cut off", () => {
  expect(thrownText(new Error("x".repeat(10 ** 7)))).toBe(`Error: ${"x".repeat(64 * 1024 - 7)}…`);
});
