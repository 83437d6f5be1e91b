import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatOf, groupingColumn } from "../../../src/local/peek/format.js";
import { findNotUtf8 } from "../../../src/local/peek/sample.js";

const formatOfText = (text: string, file = "data", isAll = true) => formatOf({ text: Buffer.from(text), isAll, file });

describe("the format of a text", () => {
  it.each<[string, string, object]>([
    ["", "a.csv", { kind: "empty" }],
    [" \n\n", "a", { kind: "empty" }],
    ["a,b\n1,2\n", "a", { kind: "csv", delimiter: ",", hasHeader: true, csv: {} }],
    ["a;b\n1,5;2,5\n", "a", { kind: "csv", delimiter: ";", csv: { delimiter: ";" } }],
    ["a\tb\nx,y\tz\n", "a", { kind: "csv", delimiter: "\t" }],
    ["sep=;\na;b\n1;2\n", "a", { kind: "csv", delimiter: ";", csv: {} }],
    ["1,2\n3,4\n", "a", { kind: "csv", hasHeader: false, csv: { columns: ["c1", "c2"] }, sampledRecords: 2 }],
    [
      "x,x\n3,4\n",
      "a",
      { kind: "csv", hasHeader: true, csv: { columns: ["x", "x_2"], header: true }, sampledRecords: 1 },
    ],
    ["x,\n3,4\n", "a", { kind: "csv", hasHeader: true }],
    ['a,b\n"x\ny","z"""\n', "a", { kind: "csv", rows: [["x\ny", 'z"']] }],
    ["name\nx\ny\n", "names.csv", { kind: "csv", hasHeader: true, sampledRecords: 2 }],
    ["a,b\n", "a.csv", { kind: "csv", hasHeader: true, sampledRecords: 0 }],
    ["a,b\n1,2\n3\n4,5\n", "a.csv", { kind: "csv", badRecords: 1, firstBad: "1 fields, and there are 2 columns" }],
    ["Dear Sir, hello\nhow are you\n", "a", { kind: "text" }],
    ["one line", "a", { kind: "text" }],
    ['{"a":1}\n{"b":"x"}\n', "a", { kind: "jsonl" }],
    ['\n\n{"a":1}\n', "a", { kind: "jsonl", sampledRecords: 1 }],
    ['{"a":1}\n{"a":\n{"a":3}\n', "a", { kind: "jsonl", badRecords: 1 }],
    ['[{"a":1},{"a":2}]', "a", { kind: "json array", sampledRecords: 2 }],
    ['[\n{"a":1},\n{"a":2}\n]\n', "a", { kind: "json array", sampledRecords: 2 }],
    ['{\n"a": 1\n}\n', "a", { kind: "json document" }],
    ["[INFO] started\n[INFO] ended\n[WARN] why\n[WARN] so\n", "a", { kind: "lines" }],
    ["<html>\n<body>\n", "a", { kind: "text" }],
    ['::1 - - [1/Jan/2024:00:00:00 +0000] "GET / HTTP/1.1" 200 5\n', "a", { kind: "access log" }],
  ])("of %j, called %s, is %j", async (text, file, format) => {
    expect(await formatOfText(text, file)).toMatchObject(format);
  });

  it("is a large JSON array even if only its beginning is there", async () => {
    expect(await formatOfText('[\n  {\n    "a": 1\n  },\n  {\n', "a", false)).toMatchObject({
      kind: "json array",
      columns: [],
    });
  });

  it("is a JSON array even if all of it is one line that is longer than the sample", async () => {
    expect(await formatOfText('[{"a":1},{"a":2},{"a"', "a", false)).toMatchObject({ kind: "json array", columns: [] });
  });

  it("ignores a row that goes on behind the sample", async () => {
    expect(await formatOfText('a,b\n1,2\n3,"4\n', "a.csv", false)).toMatchObject({ badRecords: 0, sampledRecords: 1 });
    expect(await formatOfText('a,b\n1,2\n3,"4\n', "a.csv")).toMatchObject({ badRecords: 1 });
  });

  it("of rows that were written as CSV has these rows", async () => {
    const field = fc.string({ minLength: 1, maxLength: 8 });
    const rows = fc
      .integer({ min: 2, max: 4 })
      .chain((columns) =>
        fc.array(fc.array(field, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 4 }),
      );
    const run = async (rows: string[][], delimiter: string) => {
      const quoted = (row: string[]) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(delimiter);
      const header = rows[0]?.map((_, column) => `column ${column}`) ?? [];
      const format = await formatOfText([header, ...rows].map((row) => `${quoted(row)}\n`).join(""), "a.csv");
      expect(format).toMatchObject({ kind: "csv", delimiter, hasHeader: true, rows, badRecords: 0 });
      expect(format.columns.map(({ name }) => name)).toEqual(header);
    };
    await fc.assert(fc.asyncProperty(rows, fc.constantFrom(",", ";", "\t", "|"), run), { numRuns: 300 });
  });
});

describe("the column to count by", () => {
  it.each([
    ["id,name,n\n1,a,1\n2,b,1\n3,a,2\n4,b,2\n", "name"],
    ["id,n\n1,1\n2,1\n3,2\n4,2\n", "n"],
    ['id,name,n\n1,"a\nb",1\n2,"a\nb",1\n3,c,2\n4,c,2\n', "n"],
    ["id,same\n1,x\n2,x\n3,x\n", undefined],
    ["id,name\n1,a\n2,b\n3,c\n", undefined],
  ])("of %j is %s", async (text, name) => {
    expect(groupingColumn((await formatOfText(text)).columns)?.name).toBe(name);
  });
});

describe("a text that is not UTF-8", () => {
  it("is found at its first wrong byte", () => {
    expect(findNotUtf8(Buffer.from("fünf\n"))).toBeUndefined();
    const text = Buffer.concat([Buffer.from("é\n日本 "), Buffer.from("fünf\nsüß\n", "latin1")]);
    expect(findNotUtf8(text)).toEqual({
      line: 2,
      offset: 11,
      byte: 0xfc,
      asWindows1252: expect.stringContaining("fünf") as string,
    });
  });
});
