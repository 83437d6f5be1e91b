import fc from "fast-check";
import { expect, it } from "vitest";
import { recordFields } from "../../src/local/cat/record-fields.js";
import { TextKeyEndFinder, type TextKeyEnd } from "../../src/output/text-key-end.js";

const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "\t", "\r", "é"), maxLength: 6 });
const value = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.record({ a: text }), fc.array(text));

/** What the finder says about these records, examined a block of this many at a time. */
function keyEndOf(pairs: readonly (readonly [key: string, value: string])[], blockLength = pairs.length): TextKeyEnd {
  const finder = new TextKeyEndFinder();
  let text = "";
  pairs.forEach(([key, value], index) => {
    finder.noteKey(key);
    text += `${key} ${value}\n`;
    if (index % (blockLength + 1) !== blockLength && index < pairs.length - 1) return;
    finder.examine(text, Buffer.from(text));
    text = "";
  });
  return finder.keyEnd;
}

it("the keys of text end where the writer recorded, or it records that this is unclear", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, value), { minLength: 1, maxLength: 8 }), fc.nat(8), (given, blockLength) => {
      const pairs = given.map(
        ([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)] as const,
      );
      const records = pairs.map(([key, value]) => `${key} ${value}\n`);
      const fields = recordFields("text", keyEndOf(pairs, blockLength));
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
  expect(keyEndOf([[key, value]])).toBe("unclear");
});
