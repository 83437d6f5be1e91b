import fc from "fast-check";
import { expect, it } from "vitest";
import { recordFields } from "../../src/local/cat/record-fields.js";
import { TextKeyEndFinder } from "../../src/output/text-key-end.js";
import type { TextKeyEnd } from "../../src/model/output-format.js";

const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "\t", "\r", "é"), maxLength: 6 });
const value = fc.oneof(
  fc.constant(""),
  text,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.record({ a: text }),
  fc.array(text),
);

function recordOf(key: string, value: string): string {
  return value === "" ? `${key}\n` : `${key} ${value}\n`;
}

/** What the finder says about these records, examined a block of this many at a time. */
function keyEndOf(pairs: readonly (readonly [key: string, value: string])[], blockLength = pairs.length): TextKeyEnd {
  const finder = new TextKeyEndFinder();
  let text = "";
  pairs.forEach(([key, value], index) => {
    const record = recordOf(key, value);
    finder.note(key, record);
    text += record;
    if (index % (blockLength + 1) !== blockLength && index < pairs.length - 1) return;
    finder.examine(text, Buffer.from(text));
    text = "";
  });
  return finder.keyEnd;
}

/** The ways in which a reader may separate keys from values, the same for all records of a file. */
const rules = [/^([^ \n]*)(?: ([^\n]*))?\n$/, /^([^\n]*?)(?: ([^ \n]*))?\n$/, /^([^\n]*)()\n$/].map(
  (pattern) => (record: string) => {
    const [, key = "", value = ""] = pattern.exec(record) ?? [];
    return [key, value];
  },
);

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

it("the keys of text end where the writer recorded, or it records that this is unclear", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, value), { minLength: 1, maxLength: 8 }), fc.nat(8), (given, blockLength) => {
      const pairs = given.map(
        ([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)] as const,
      );
      const records = pairs.map(([key, value]) => recordOf(key, value));
      const keyEnd = keyEndOf(pairs, blockLength);
      const fields = recordFields("text", keyEnd);
      expect(keyEnd === "unclear").toBe(
        !rules.some((split) => pairs.every((pair) => equal(split(recordOf(...pair)), pair))),
      );
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

it.each<[TextKeyEnd, [key: string, value: string][]]>([
  [
    "first space",
    [
      ["a", ""],
      ["", ""],
      ["b", "1 2"],
      ["", " "],
    ],
  ],
  [
    "last space",
    [
      ["a", ""],
      ["b c", "1"],
      ["d", "2"],
    ],
  ],
  [
    "line end",
    [
      ["a b", ""],
      ["c", ""],
      ["d ", ""],
    ],
  ],
  [
    "unclear",
    [
      ["a b", ""],
      ["c", "1"],
    ],
  ],
  ["unclear", [["a b", "1 2"]]],
])("%s: %j", (wanted, pairs) => {
  expect(keyEndOf(pairs)).toBe(wanted);
});
