import { writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CsvOptions, JsonValue, ReadContext } from "../../src/app/contract.js";
import { findInputs } from "../../src/input/files.js";
import type { BadRecordError } from "../../src/input/bad-record-error.js";
import { sourceOfSplit, type RecordFormat } from "../../src/input/records.js";
import { planSplits } from "../../src/input/splits.js";
import { sourceOfRecord } from "../../src/input/stored-record.js";
import { recordFormat } from "../../src/output/record-format.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { onlyPart, openText, readAll, type Read } from "./read-all.js";

const temporary = useTemporaryDirectory();

/** Reads a file with these bytes in splits, and requires the same result when it is compressed. */
async function read(bytes: Uint8Array | string, format: RecordFormat, splitBytes = 2 ** 30): Promise<Read[]> {
  const [plain, compressed] = [temporary.newPath(), temporary.newPath()];
  writeFileSync(plain, bytes);
  writeFileSync(compressed, gzipSync(bytes));
  const found: Read[] = [];
  for (const split of planSplits(findInputs([plain]), format.input, splitBytes)) {
    found.push(...(await readAll(openText(split, format))));
  }
  const [whole] = planSplits(findInputs([compressed]), format.input, splitBytes);
  if (whole === undefined) throw new Error("a compressed file is a split");
  // Decompressed data begins after its byte order mark.
  const markBytes = Buffer.from(bytes).toString().startsWith("\ufeff") ? 3 : 0;
  const expected = found.map((each) => {
    const offset = Math.max(0, each.offset - markBytes);
    return { ...each, offset, endOffset: each.endOffset - markBytes };
  });
  expect(await readAll(openText(whole, format))).toEqual(expected);
  expect(temporary.openFiles()).toBe(0);
  return found;
}

/** A JSON value as it is read: integers beyond 2^53 are bigints. */
function asRead(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, part: unknown) => {
    const isBeyond = typeof part === "number" && Number.isInteger(part) && !Number.isSafeInteger(part);
    return isBeyond && /^-?\d+$/.test(String(part)) ? BigInt(String(part)) : part;
  });
}

const values = (found: readonly Read[]) => found.map(({ value }) => value);
const readCsv = async (bytes: Uint8Array | string, csv?: CsvOptions) =>
  values(await read(bytes, { input: "csv", csv }));

describe("jsonl", () => {
  const jsonl = { input: "jsonl" } as const;

  it("has each document in exactly one split, at the right offset", async () => {
    const isObject = (value: unknown) => typeof value === "object" && value !== null;
    const run = async (documents: unknown[], ends: string[], splitBytes: number) => {
      // A file that is a single array of objects is taken for a mistake.
      const [only] = documents;
      fc.pre(!(documents.length === 1 && Array.isArray(only) && only.length > 0 && only.every(isObject)));
      let text = "";
      const expected = documents.map((value, n) => {
        const offset = Buffer.byteLength(text);
        text += JSON.stringify(value) + (ends[n % ends.length] ?? "\n");
        const blankLines = /(\n|\r\n)[\s]*$/.exec(text)?.[0].replace(/^\r?\n/, "") ?? "";
        return {
          value: asRead(value),
          offset,
          endOffset: Buffer.byteLength(text) - blankLines.length,
        };
      });
      expect(await read(text, jsonl, splitBytes)).toEqual(expected);
    };
    const documents = fc.array(fc.jsonValue({ noUnicodeString: false }), { maxLength: 8 });
    const ends = fc.array(fc.constantFrom("\n", "\r\n", "\n\n", "\n \t\n"), { minLength: 1, maxLength: 3 });
    await fc.assert(fc.asyncProperty(documents, ends, fc.integer({ min: 1, max: 60 }), run), { numRuns: 100 });
  });

  it("may begin with a byte order mark, end without newline, and contain U+FFFD and __proto__", async () => {
    const found = values(await read('\ufeff{"a":"\ufffd"}\n{"__proto__":1}', jsonl));
    expect(found.map((value) => JSON.stringify(value))).toEqual(['{"a":"\ufffd"}', '{"__proto__":1}']);
  });

  it("has a bad record where a line is not JSON or not UTF-8, and continues after it", async () => {
    const lines = ['{"a":1}\n', '{"a":\n', "\ufeff{}\n", '"\u00ff"\n', "2"].map((line, n) => {
      return Buffer.from(line, n === 3 ? "latin1" : "utf8");
    });
    expect(await read(Buffer.concat(lines), jsonl)).toEqual([
      { value: { a: 1 }, offset: 0, endOffset: 8 },
      { value: expect.stringMatching(/^bad: not JSON: Unexpected end of JSON/) as string, offset: 8, endOffset: 14 },
      { value: expect.stringMatching(/^bad: not JSON: Unexpected token/) as string, offset: 14, endOffset: 20 },
      { value: "bad: not UTF-8", offset: 20, endOffset: 24 },
      { value: 2, offset: 24, endOffset: 25 },
    ]);
  });
});

describe("pairs", () => {
  const pairs = { input: "pairs" } as const;

  it("come from the JSON Lines of a job, in splits of any length", async () => {
    const pair = fc.record({ key: fc.string({ unit: "binary", maxLength: 5 }), value: fc.jsonValue() });
    const run = async (written: { key: string; value: unknown }[], splitBytes: number) => {
      const text = written
        .map(({ key, value }) => recordFormat({ format: "jsonl" }).record("emit", key, value as JsonValue))
        .join("");
      expect(values(await read(text, pairs, splitBytes))).toEqual(asRead(written));
    };
    await fc.assert(fc.asyncProperty(fc.array(pair, { maxLength: 8 }), fc.integer({ min: 1, max: 60 }), run));
  });

  it("has a bad record where a document is not a pair, and continues after it", async () => {
    const lines = [
      '{"key":"a","value":1}',
      "5",
      "null",
      "[]",
      '{"key":"b"}',
      '{"key":1,"value":1}',
      '{"key":"c","value":null}',
    ];
    const bad = 'bad: not a pair, which is {"key": "…", "value": …}';
    const found = values(await read(lines.join("\n"), pairs));
    expect(found).toEqual([{ key: "a", value: 1 }, bad, bad, bad, bad, bad, { key: "c", value: null }]);
  });
});

describe("csv", () => {
  const splitOf = (text: string) => {
    const path = temporary.newPath();
    writeFileSync(path, text);
    return { file: "in", path, startBytes: 0, endBytes: Buffer.byteLength(text) };
  };
  const field = fc.oneof(
    fc.constantFrom("", "a", '"', ",", "\n", "\r\n", "é", "😀", "#", "\ufffd", " b "),
    fc.string({ maxLength: 5 }),
  );
  const written = (value: string) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

  it("has the rows that were written, at the right offsets", async () => {
    const run = async (rows: string[][], end: string, hasLastEnd: boolean) => {
      let text = "a,b,__proto__\n";
      const expected = rows.map((row, n) => {
        const offset = Buffer.byteLength(text);
        text += row.map(written).join(",") + (n < rows.length - 1 || hasLastEnd ? end : "");
        const value = Object.fromEntries(["a", "b", "__proto__"].map((name, n) => [name, row[n]]));
        return { value: JSON.parse(JSON.stringify(value)) as unknown, offset, endOffset: Buffer.byteLength(text) };
      });
      const found = await read(text, { input: "csv" });
      expect(found).toEqual(expected);
      for (const { value } of found) expect(Object.keys(value as object)).toEqual(["a", "b", "__proto__"]);
    };
    const rows = fc.array(
      fc.tuple(field, field, field).map((row) => [...row]),
      { maxLength: 8 },
    );
    await fc.assert(fc.asyncProperty(rows, fc.constantFrom("\n", "\r\n"), fc.boolean(), run), { numRuns: 200 });
  });

  it("has rows that continue in the next block, and rows longer than a block", async () => {
    const rows = Array.from({ length: 3000 }, (_, n) => ({ n: String(n), text: `${'x, "\n'.repeat((n * 7) % 100)}é` }));
    rows[1500] = { n: "long", text: "line\n".repeat(200_000) };
    const text = rows.map((row) => `${row.n},${written(row.text)}\n`).join("");
    expect(Buffer.byteLength(text)).toBeGreaterThan(4 * 256 * 1024);
    expect(await readCsv(`n,text\n${text}`)).toEqual(rows);
  });

  it("skips empty lines, comments and a byte order mark", async () => {
    const found = await read('\ufeff# c\na,b\r\n\r\n1,2\n# "\n\n3,4#5\n', { input: "csv", csv: { comment: "#" } });
    expect(found).toEqual([
      { value: { a: "1", b: "2" }, offset: 14, endOffset: 18 },
      { value: { a: "3", b: "4#5" }, offset: 23, endOffset: 29 },
    ]);
    expect(await readCsv("")).toEqual([]);
    expect(await readCsv("a,b")).toEqual([]);
  });

  it.each<[string, CsvOptions, string, unknown[]]>([
    ["delimiter", { delimiter: "§" }, "a§b\n1§2,3\n", [{ a: "1", b: "2,3" }]],
    ["quote", { quote: "'" }, "a,b\n'1,2','\"'\n", [{ a: "1,2", b: '"' }]],
    ["no quote", { quote: false }, 'a,b\n"1,2\n', [{ a: '"1', b: "2" }]],
    ["escape", { escape: "\\" }, 'a,b\n"1\\"2",3\n', [{ a: '1"2', b: "3" }]],
    ["trim", { trim: true }, "a , b\n 1 , à \n", [{ a: "1", b: "à" }]],
    ["relaxQuotes", { relaxQuotes: true }, 'a,b\n1"2",3\n', [{ a: '1"2"', b: "3" }]],
    ["columns", { columns: ["x", "y"] }, "a,b\n", [{ x: "a", y: "b" }]],
    ["columns in place of a header", { columns: ["x", "y"], header: true }, "a,a\n1,2\n", [{ x: "1", y: "2" }]],
  ])("has the option %s", async (_, options, text, expected) => {
    expect(await readCsv(text, options)).toEqual(expected);
  });

  it("has a bad record where a row is malformed, and loses no other", async () => {
    const bad = ['2,"x" y', '3,"x', "4", "5,6,7", "8,\u00ff", '9 "x",1'];
    const lines = ["n,t", "1,ok", ...bad.flatMap((line, n) => [line, `good${n},"two\nlines"`])];
    const found = await read(Buffer.from(`${lines.join("\n")}\n`, "latin1"), { input: "csv" });
    const good = bad.map((_, n) => ({ n: `good${n}`, t: "two\nlines" }));
    const isBad = ({ value }: Read) => typeof value === "string";
    expect(values(found.filter((record) => !isBad(record)))).toEqual([{ n: "1", t: "ok" }, ...good]);
    expect(values(found.filter(isBad))).toEqual([
      "bad: a closing quote is not followed by a delimiter (is it meant to be doubled?)",
      "bad: a closing quote is not followed by a delimiter (is it meant to be doubled?)",
      "bad: a row of 1 field, and there are 2 columns",
      "bad: a row of 3 fields, and there are 2 columns",
      "bad: not UTF-8",
      "bad: there is a quote in a field that does not begin with one",
    ]);
    let offset = 4;
    for (const record of found) {
      expect(record.offset).toBe(offset);
      offset = record.endOffset;
    }
    expect(offset).toBe(Buffer.byteLength(lines.join("\n"), "latin1") + 1);
  });

  it("limits a row whose quote is never closed to its line, however much follows", async () => {
    const rows = Array.from({ length: 5000 }, (_, n) => `${n},${"x".repeat(100)}\n`);
    const found = values(await read(`n,t\n0,ok\n1,"open\n${rows.join("")}`, { input: "csv" }));
    expect(found.slice(0, 3)).toEqual([
      { n: "0", t: "ok" },
      "bad: a quote is not closed",
      { n: "0", t: "x".repeat(100) },
    ]);
    expect(found).toHaveLength(5002);
    // More than a row may have.
    const many = `2,${"x".repeat(1000)}\n`.repeat(17_000);
    const start = temporary.newPath();
    writeFileSync(start, `n,t\n1,"open\n${many}`);
    const [split] = planSplits(findInputs([start]), "csv", 1);
    if (split === undefined) throw new Error("there is a split");
    const all = await readAll(openText(split, { input: "csv" }));
    expect([all[0]?.value, all.length]).toEqual([
      "bad: a row of more than 16777216 bytes (is a quote not closed?)",
      17_001,
    ]);
  });

  it.each<[string, string, string[][]]>([
    [
      "a lone return",
      "a,b\r1,2\r3,4\r",
      [
        ["1", "2"],
        ["3", "4"],
      ],
    ],
    [
      "a lone return but the last row",
      "a,b\r1,2\r3,4",
      [
        ["1", "2"],
        ["3", "4"],
      ],
    ],
    [
      "lone returns, with line ends of all kinds in quotes",
      'a,b\r"1\n","2\r\n"\r"\r",4\r',
      [
        ["1\n", "2\r\n"],
        ["\r", "4"],
      ],
    ],
    [
      "lone returns in the first row, and then others",
      "a,b\r1,2\n3,4\r\n5,6",
      [
        ["1", "2"],
        ["3", "4"],
        ["5", "6"],
      ],
    ],
    [
      "newlines, with lone returns in fields",
      "a,b\n1\r1,2\n3,4\r5\r\n",
      [
        ["1\r1", "2"],
        ["3", "4\r5"],
      ],
    ],
    ["newlines, with a lone return in the header's quotes", '"a\rb",c\n1,2\n', [["1", "2"]]],
    ["newlines, with a doubled quote and a return in the header", '"a""\r",c\n1,2\n', [["1", "2"]]],
  ])("has the rows of a file that ends its rows with %s", async (_, text, expected) => {
    expect((await readCsv(text)).map((row) => Object.values(row as Record<string, string>))).toEqual(expected);
  });

  it("has the rows and offsets of a long file whose rows end with lone carriage returns", async () => {
    const rows = Array.from({ length: 30_000 }, (_, n) => `${n},"${"x\n\r".repeat(n % 20)}"\r`);
    const found = await read(`n,t\r${rows.join("")}`, { input: "csv" });
    let offset = 4;
    const expected = rows.map((row, n) => {
      const value = { n: String(n), t: "x\n\r".repeat(n % 20) };
      return { value, offset, endOffset: (offset += row.length) };
    });
    expect(found).toEqual(expected);
  });

  it.each<[string, string, CsvOptions | undefined, unknown[]]>([
    ["names the delimiter", "sep=;\r\na;b\r\n1;2,\r\n", undefined, [{ a: "1", b: "2," }]],
    ["has the app's delimiter", "sep=;\na;b\n1;2\n", { delimiter: ";" }, [{ a: "1", b: "2" }]],
    ["has the delimiter that is usual", "sep=,\na,b\n1,2\n", undefined, [{ a: "1", b: "2" }]],
    ["names a tab", "SEP=\t\na\tb\n1\t2\n", undefined, [{ a: "1", b: "2" }]],
    ["comes after a byte order mark", "\ufeffsep=;\na;b\n1;2", undefined, [{ a: "1", b: "2" }]],
    ["is in quotes", '"sep=;"\na;b\n1;2', undefined, [{ a: "1", b: "2" }]],
    ["ends with a lone return", "sep=;\ra;b\r1;2\r", undefined, [{ a: "1", b: "2" }]],
    ["comes before rows without a header", "sep=;\n1;2\n", { columns: ["a", "b"] }, [{ a: "1", b: "2" }]],
    ["is all of the file", "sep=;", undefined, []],
    ["is not the first", "a\nsep=;\n", undefined, [{ a: "sep=;" }]],
    ["is a row, since there is more in it", "sep=;;b\n1\n", undefined, [{ "sep=;;b": "1" }]],
  ])("leaves out a line sep= that %s", async (_, text, csv, expected) => {
    expect(await readCsv(text, csv)).toEqual(expected);
  });

  it("is an error when a line sep= contradicts the app", async () => {
    await expect(readCsv("sep=;\na;b\n1;2\n", { delimiter: "," })).rejects.toThrow(
      /: its first line is "sep=;", and the app has csv.delimiter = ","; leave csv.delimiter out, or remove the line/,
    );
    expect(temporary.openFiles()).toBe(0);
  });

  it.each(["a,b\r\n1,2\r\n\x1a", "a,b\n1,2\x1a", "a,b\n1,2\n\x1a\x1a\x1a", "a,b\n1,2\n\x1a\r\n", "a,b\r1,2\r\x1a"])(
    "leaves out what DOS writes at the end: %j",
    async (text) => {
      expect(await readCsv(text)).toEqual([{ a: "1", b: "2" }]);
    },
  );

  it("keeps a ^Z that is not at the end", async () => {
    expect(await readCsv("a,b\n1\x1a,2\n3,\x1a4\n")).toEqual([
      { a: "1\x1a", b: "2" },
      { a: "3", b: "\x1a4" },
    ]);
  });

  it("skips lines of white space, unless they are values of the only column", async () => {
    expect(await read("  \na,b\n \t \n1,2\n   \n\t\n3,4\n ", { input: "csv" })).toEqual([
      { value: { a: "1", b: "2" }, offset: 11, endOffset: 15 },
      { value: { a: "3", b: "4" }, offset: 21, endOffset: 25 },
    ]);
    expect(await readCsv("a\n  \n1\n\n")).toEqual([{ a: "  " }, { a: "1" }]);
    expect(await readCsv("a\n  \n1\n", { trim: true })).toEqual([{ a: "1" }]);
    expect(await readCsv("a\tb\n\t\n", { delimiter: "\t" })).toEqual([{ a: "", b: "" }]);
    expect(await readCsv('a,b\n"  "\n')).toEqual(["bad: a row of 1 field, and there are 2 columns"]);
  });

  it.each([
    ["\n", "a,b\n1,2\n\r3\n4,5\n", 3],
    ["\r\n", "a,b\r\n1,2\r\n3\r\n4,5\r\n", 3],
    ["\r", "a,b\r1,2\r\r3\r4,5\r", 4],
    ["\r, and newlines after it", "a,b\r1,2\n3\r\n4,5", 3],
  ])("names the line of a bad record where rows end with %j", async (_, text, line) => {
    const source = sourceOfSplit(splitOf(text), { input: "csv" });
    const reader = await source.openValues({ filename: "in" } as ReadContext);
    expect(await reader.next()).toBe(true);
    const error = await Promise.resolve()
      .then(() => reader.next())
      .then(
        () => undefined,
        (error: unknown) => error as BadRecordError,
      );
    await reader.close();
    if (error === undefined) throw new Error("there is a bad record");
    expect((await source.describe(error)).message).toBe(`in, line ${line}: a row of 1 field, and there are 2 columns`);
  });

  it.each<[string, string, string, CsvOptions]>([
    ["of a file with lone returns in fields", "a,b\n1\r,2\n3,4\r5\n", "3,4\r5\n", {}],
    ["of a file with a line sep=", "sep=;\na;b\n1;2\n", "1;2\n", {}],
    ["of a file with a line sep= and columns of the app's", "sep=;\n1;2\n", "1;2\n", { columns: ["a", "b"] }],
  ])("reads a row that was kept as in the file: %s", async (_, text, kept, csv) => {
    const offset = text.lastIndexOf(kept);
    const inFile = (await read(text, { input: "csv", csv })).filter((record) => record.offset === offset);
    expect(inFile).toHaveLength(1);
    const record = { split: splitOf(text), offset, read: () => Promise.resolve(Buffer.from(kept)) };
    const source = onlyPart(sourceOfRecord(record, { input: "csv", csv }));
    expect(await readAll(source.openValues({ filename: "in" } as ReadContext))).toEqual(inFile);
  });

  it("has columns in the order of the header, even those named by numbers", async () => {
    const [row] = (await readCsv("name,2020,2019,,1,4294967295\na,b,c,d,e,f\n")) as Record<string, string>[];
    if (row === undefined) throw new Error("there is a row");
    expect(Object.keys(row)).toEqual(["name", "2020", "2019", "", "1", "4294967295"]);
    expect(Object.values(row)).toEqual(["a", "b", "c", "d", "e", "f"]);
    expect(JSON.stringify(row)).toBe('{"name":"a","2020":"b","2019":"c","":"d","1":"e","4294967295":"f"}');
    const names: string[] = [];
    for (const name in row) names.push(name);
    expect(names).toEqual(Object.keys(row));
    delete row["2019"];
    row["0"] = "new";
    expect(Object.entries(row).flat().join()).toBe("name,a,2020,b,,d,1,e,4294967295,f,0,new");
  });

  it("has rows of very many columns", async () => {
    const names = Array.from({ length: 50_000 }, (_, n) => `column ${n}`);
    const rows = [0, 1].map((row) => names.map((_, n) => String(n + row)));
    const found = (await readCsv([names, ...rows].map((row) => row.join()).join("\n"))) as object[];
    expect(found.map((row) => Object.values(row) as string[])).toEqual(rows);
    expect(Object.keys(found[1] ?? {})).toEqual(names);
  });

  it.each([
    ["malformed", 'a,"b"c\n1,2\n', /in: its first row cannot be its header: a closing quote/],
    ["with a name twice", "a,b,a\n1,2,3\n", /in: .*two columns are called "a"; the app can say what the columns are/],
  ])("is an error as a whole when its header is %s", async (_, text, says) => {
    const path = temporary.newPath();
    writeFileSync(path, text);
    const split = { file: "in", path, startBytes: 0, endBytes: text.length };
    await expect(readAll(openText(split, { input: "csv" }))).rejects.toThrow(says);
  });
});

describe("an app's own reader", () => {
  const splitOf = (text: string) => {
    const path = temporary.newPath();
    writeFileSync(path, gzipSync(text));
    return { file: "in", path, startBytes: 0, endBytes: 1, compression: "gzip" as const };
  };

  it("yields numbered records from the decompressed bytes, and is ended and closed", async () => {
    let hasEnded = false;
    const reader = await openText(splitOf("ab".repeat(300_000)), {
      input: "own",
      async *readRecords(stream, { filename }) {
        try {
          for await (const bytes of stream) yield { filename, length: (bytes as Uint8Array).length };
        } finally {
          hasEnded = true;
        }
      },
    });
    expect(await reader.next()).toBe(true);
    expect([reader.value, reader.offset, reader.endOffset]).toEqual([{ filename: "in", length: 262_144 }, 0, 1]);
    expect(await reader.next()).toBe(true);
    expect([reader.offset, reader.endOffset, reader.bytesRead]).toEqual([1, 2, 524_288]);
    await reader.close();
    expect(hasEnded).toBe(true);
    await expect.poll(() => temporary.openFiles()).toBe(0);
  });

  it("may read its stream or not, but must return an async iterable", async () => {
    const none = await openText(splitOf("a"), { input: "own", readRecords: () => Readable.from([]) });
    expect(await none.next()).toBe(false);
    await none.close();
    const wrong = { input: "own", readRecords: () => ["a"] as never } as const;
    await expect(openText(splitOf("a"), wrong)).rejects.toThrow(/must return an async iterable/);
    expect(temporary.openFiles()).toBe(0);
  });
});
