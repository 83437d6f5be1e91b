import fc from "fast-check";
import { expect, it } from "vitest";
import { recordFields } from "../../src/local/cat/record-fields.js";
import { TextKeyEndFinder } from "../../src/output/text-key-end.js";

const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "\t", "\r", "é"), maxLength: 6 });
const value = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.record({ a: text }), fc.array(text));

it("the keys of text end where the writer recorded, or it records that this is unclear", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, value), { minLength: 1, maxLength: 8 }), (given) => {
      const finder = new TextKeyEndFinder();
      const pairs = given.map(
        ([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)] as const,
      );
      const records = pairs.map(([key, value]) => `${key} ${value}\n`);
      given.forEach(([key, value], index) => finder.note(key, value, records[index] ?? ""));
      const fields = recordFields("text", finder.keyEnd);
      const haveSpaces = [0, 1].map((part) => pairs.some((pair) => pair[part]?.includes(" ")));
      expect(fields === undefined).toBe(haveSpaces[0] === true && haveSpaces[1] === true);
      const found = records.map((record) => [
        fields && String(fields.key(Buffer.from(record))),
        fields?.value(Buffer.from(record)),
      ]);
      if (fields !== undefined) expect(found).toEqual(pairs);
    }),
  );
});

it.each([
  ["a\nb", "1"],
  ["a", "1\n2"],
])("a line end in %j with %j makes records that nobody can tell apart", (key, value) => {
  const finder = new TextKeyEndFinder();
  finder.note(key, value, `${key} ${value}\n`);
  expect(finder.keyEnd).toBe("unclear");
});
