import fc from "fast-check";
import { expect, it } from "vitest";
import { recordFields } from "../../src/local/cat/record-fields.js";
import { TextKeyEndFinder } from "../../src/output/text-key-end.js";

const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "\t", "\r", "é"), maxLength: 6 });

it("the keys of text end where the writer recorded, or it records that this is unclear", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 8 }), fc.nat(8), (pairs, gathered) => {
      const finder = new TextKeyEndFinder();
      const records = pairs.map(([key, value]) => `${key} ${value}\n`);
      for (const [key] of pairs.slice(0, gathered)) finder.noteKey(key);
      finder.noteText(records.slice(0, gathered).join(""));
      for (const [key] of pairs.slice(gathered)) finder.noteKey(key);
      finder.noteText(records.slice(gathered).join(""));
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
  finder.noteKey(key);
  finder.noteText(`${key} ${value}\n`);
  expect(finder.keyEnd).toBe("unclear");
});
