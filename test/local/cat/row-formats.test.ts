import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../src/app/contract.js";
import { rowReader } from "../../../src/local/cat/cells.js";
import { ColumnFinder } from "../../../src/local/cat/columns.js";
import { csvRows, jsonRows, markdownRows, type RowFormat } from "../../../src/local/cat/row-formats.js";
import { TableRows } from "../../../src/local/cat/table-rows.js";
import type { OutputFormat, RecordLayout } from "../../../src/model/output-format.js";
import { recordFormat } from "../../../src/output/record-format.js";

type Pair = readonly [key: string, value: JsonValue];

/** The records of an output file, and how they are read and in which columns. */
function readRecords(layout: RecordLayout, pairs: readonly Pair[]) {
  const format = recordFormat(layout);
  const records = pairs.map(([key, value]) => Buffer.from(String(format.record("reduce", key, value))));
  const read = rowReader(layout, "first space");
  if (read === undefined) throw new Error(`${layout.format} cannot be read`);
  const finder = new ColumnFinder(layout);
  for (const record of records) finder.add(read(record));
  return { records, read, columns: finder.columns };
}

function shown(layout: RecordLayout, pairs: readonly Pair[], formatOf: "csv" | "json" | "markdown"): string {
  const { records, read, columns } = readRecords(layout, pairs);
  const makers: Record<typeof formatOf, () => RowFormat> = {
    csv: () => csvRows(columns),
    json: () => jsonRows(columns, layout.values !== true),
    markdown: () => markdownRows(columns),
  };
  const format = makers[formatOf]();
  return format.header + records.map((record) => format.row(read(record), record)).join("") + format.footer();
}

const text = fc.string({ unit: fc.constantFrom("a", "é", "😀", '"', ",", "\t", "\n", "\r", "\\", "N", " ", "1", "-") });
const pairsOf = (value: fc.Arbitrary<JsonValue>) => fc.array(fc.tuple(text, value), { maxLength: 6 });
const readable: OutputFormat[] = ["tsv", "jsonl", "csv"];

describe("rows as csv", () => {
  it.each(readable)("from %s are the keys and values for another program", (format) => {
    fc.assert(
      fc.property(pairsOf(text), (pairs) => {
        const csv = shown({ format }, pairs, "csv");
        expect(parse(csv, { record_delimiter: "\n" })).toEqual([["key", "value"], ...pairs]);
      }),
    );
  });

  it("have a column for each property, where all values are objects", () => {
    const value = fc.dictionary(fc.constantFrom("a", "b", "c,d"), text, { minKeys: 1, noNullPrototype: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, value), { minLength: 1, maxLength: 6 }), (pairs) => {
        const found = parse(shown({ format: "jsonl" }, pairs, "csv"), { record_delimiter: "\n", columns: true });
        const names = [...new Set(pairs.flatMap(([, value]) => Object.keys(value)))];
        const expected = pairs.map(([key, value]) => {
          return { key, ...Object.fromEntries(names.map((name) => [name, value[name] ?? ""])) };
        });
        expect(found).toEqual(expected);
      }),
    );
  });

  it.each<[string, Pair[], string]>([
    ["a property has the name of the key", [["k", { key: 1 }]], 'key,value\nk,"{""key"":1}"\n'],
    [
      "not all values are objects",
      [
        ["k", { n: 1 }],
        ["l", 2],
      ],
      'key,value\nk,"{""n"":1}"\nl,2\n',
    ],
    ["there is no record", [], "key,value\n"],
    ["an integer is beyond 2^53", [["k", 2n ** 60n]], "key,value\nk,1152921504606846976\n"],
  ])("have one column for the values, where %s", (_, pairs, csv) => {
    expect(shown({ format: "jsonl" }, pairs, "csv")).toBe(csv);
  });

  it("keep the digits of integers beyond 2^53 within objects", () => {
    const read = rowReader({ format: "jsonl", values: true });
    const record = Buffer.from('{"n":[1152921504606846977],"m":1152921504606846979}\n');
    const finder = new ColumnFinder({ format: "jsonl", values: true });
    if (read !== undefined) finder.add(read(record));
    const row = read && csvRows(finder.columns).row(read(record), record);
    expect(row).toBe("[1152921504606846977],1152921504606846979\n");
  });
});

describe("rows as json", () => {
  it.each(readable)("from %s are the keys and values, of which numbers are numbers", (format) => {
    const value = fc.oneof(
      fc.integer(),
      fc.constant(null),
      text.filter((value) => !/^-?\d/.test(value)),
    );
    fc.assert(
      fc.property(pairsOf(value), (pairs) => {
        const expected = pairs.map(([key, value]) => ({ key, value }));
        expect(JSON.parse(shown({ format }, pairs, "json"))).toEqual(expected);
      }),
    );
  });

  it("keep text that looks like a number but is none, and keys, as strings", () => {
    const pairs: Pair[] = [
      ["1", "007"],
      ["2", "1.50"],
      ["3", "+1"],
      ["4", "0x10"],
    ];
    expect(shown({ format: "csv" }, pairs, "json")).toBe(
      '[\n{"key":"1","value":"007"},\n{"key":"2","value":1.50},\n{"key":"3","value":"+1"},\n{"key":"4","value":"0x10"}\n]\n',
    );
    expect(shown({ format: "text" }, [], "json")).toBe("[]\n");
  });

  it("have the columns that the app names", () => {
    const layout: RecordLayout = { format: "tsv", columns: ["a", "b"], values: true };
    expect(JSON.parse(shown(layout, [["k", ["\t", null]]], "json"))).toEqual([{ a: "\t", b: null }]);
  });
});

describe("rows of markdown", () => {
  it("escape what markdown would take for its own", () => {
    const table = shown(
      { format: "jsonl" },
      [
        ["a|b", "*x*\n<b>"],
        ["`", "[1](2)"],
      ],
      "markdown",
    );
    expect(table).toBe("| key | value |\n| --- | --- |\n| a\\|b | \\*x\\*<br>\\<b\\> |\n| \\` | \\[1\\](2) |\n");
  });

  it("align numbers on the right", () => {
    expect(
      shown(
        { format: "text" },
        [
          ["a", 1],
          ["b", -2.5],
        ],
        "markdown",
      ),
    ).toContain("| --- | --: |\n");
    expect(
      shown(
        { format: "text" },
        [
          ["a", 1],
          ["b", "x"],
        ],
        "markdown",
      ),
    ).toContain("| --- | --- |\n");
  });
});

function table(layout: RecordLayout, pairs: readonly Pair[], terminalWidth?: number) {
  const { records, read } = readRecords(layout, pairs);
  const rows = new TableRows(layout, terminalWidth);
  const lines = [...records.flatMap((record) => rows.add(read(record), record)), ...rows.end()];
  return { text: lines.join(""), note: rows.note };
}

describe("a table", () => {
  const pairs: Pair[] = [
    ["日本", 5],
    ["a\u001b[31m", 12_345],
    ["é", 0],
  ];

  it("has columns of equal width, numbers on the right, and visible control characters", () => {
    expect(table({ format: "jsonl" }, pairs)).toEqual({
      text: "key        value\n---------  -----\n日本           5\na\\x1b[31m  12345\né              0\n",
      note: undefined,
    });
  });

  it("is cut to the width of a terminal, and says so", () => {
    const long: Pair[] = [
      ["k", "x".repeat(50)],
      ["l", "short"],
    ];
    const { text, note } = table({ format: "jsonl" }, long, 20);
    expect(text).toBe(`key  value\n---  ${"-".repeat(15)}\nk    ${"x".repeat(14)}…\nl    short\n`);
    expect(note).toBe("1 record has text that is cut: --format csv or json shows everything");
    expect(table({ format: "jsonl" }, long).text).toContain("x".repeat(50));
  });

  it("takes its columns from the first records, and counts the later ones that do not fit", () => {
    const many = Array.from({ length: 1001 }, (_, n): Pair => [`k${n}`, n < 1000 ? { n } : { n, more: 1 }]);
    const { text, note } = table({ format: "jsonl" }, many);
    expect(text.split("\n")).toHaveLength(1001 + 2 + 1);
    expect(text).toMatch(/^key +n\n-+ +-+\nk0 +0\n/);
    expect(note).toBe("1 record has fields that the first records do not have: --format csv or json shows everything");
  });

  it("begins before it has read much, however long the records are", () => {
    const layout: RecordLayout = { format: "jsonl" };
    const { records, read } = readRecords(layout, [["k", "x".repeat(2_000_000)]]);
    const rows = new TableRows(layout, undefined);
    const [record = Buffer.alloc(0)] = records;
    expect(rows.add(read(record), record)).toHaveLength(3);
  });

  it("of no records has only a header", () => {
    expect(table({ format: "csv", columns: ["a", "total"] }, []).text).toBe("a  total\n-  -----\n");
  });
});
