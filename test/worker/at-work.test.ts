import { inspect } from "node:util";
import { expect, it } from "vitest";
import { atWorkOf, noteKey, noteRecord } from "../../src/worker/at-work.js";

it.each([
  ["a line", "x\ty", '"x\\ty"'],
  ["bytes", Buffer.from("é\n"), '"é\\n"'],
  ["a row", { a: "1" }, "{ a: '1' }"],
  ["a long line", "x".repeat(1000), `"${"x".repeat(149)}…`],
])("the note about a record has its beginning: %s", (_, value, shown) => {
  const error = new Error("no");
  noteRecord(error, value);
  expect(atWorkOf(error)).toBe(`the record: ${shown}`);
});

it("a record that cannot be shown does not hide the error of the app", () => {
  const error = new Error("no");
  const fail = () => {
    throw new Error("not to be shown");
  };
  const record = {
    a: 1,
    [inspect.custom]: fail,
    get b(): unknown {
      return fail();
    },
  };
  noteRecord(error, record);
  expect(atWorkOf(error)).toMatch(/^the record: \{ a: 1, /);
});

it("an error that is no object has no note", () => {
  noteKey("no", "k");
  expect(atWorkOf("no")).toBeUndefined();
});
