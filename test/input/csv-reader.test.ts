/**
 * The CSV reader against `csv-parse` and Python's csv, and files in splits against the same files as a whole. The files are
 * random, and as nasty as can be.
 *
 * `CSV_ROWS` is the number of rows in each comparison. After a change of the reader, compare a million:
 *
 *     CSV_ROWS=1000000 npx vitest run test/input/csv-reader.test.ts
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CsvOptions } from "../../src/app/contract.js";
import { BadRecordError } from "../../src/input/bad-record-error.js";
import { keptBytes, type ByteSource } from "../../src/input/byte-source.js";
import { readDialect } from "../../src/input/csv-dialect.js";
import { openCsv, type CsvHeader, type CsvSource } from "../../src/input/csv-reader.js";
import { cutCsvFiles } from "../../src/input/csv-splits.js";
import { findInputs } from "../../src/input/files.js";
import { planSplits } from "../../src/input/splits.js";
import { UnreadableInputError } from "../../src/input/unreadable-input-error.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { csvParseRecords, type CsvRecord } from "./csv-parse-records.js";
import { openText, readAll } from "./read-all.js";

const rowsWanted = Number(process.env["CSV_ROWS"] ?? 15_000);
const timeoutMs = 3_600_000;
const temporary = useTemporaryDirectory();

/** The bytes of a file from an offset on, including a byte order mark. */
function sourceOf(file: Buffer, from = 0): ByteSource {
  return { ...keptBytes(file.subarray(from), from + 1), start: from, firstOffset: from };
}

type Opened = Omit<CsvSource, "source" | "file"> & { readonly from?: number };

/** Returns all records, including bad ones; "header" if the first row cannot be the header. */
async function recordsOf(file: Buffer, { from = 0, ...opened }: Opened, header?: CsvHeader) {
  const reader = await openCsv({ source: sourceOf(file, from), file: "in", ...opened }, header);
  const records: CsvRecord[] = [];
  for (;;) {
    try {
      if (!(await reader.next())) return records;
      const { value, offset, endOffset } = reader;
      records.push({ value: Object.entries(value), offset, endOffset });
    } catch (error) {
      if (error instanceof UnreadableInputError) return "header";
      if (!(error instanceof BadRecordError)) throw error;
      records.push({ value: error.message, offset: error.offset, endOffset: error.endOffset });
    }
  }
}

async function expectedRecords(file: Buffer, options: CsvOptions): Promise<CsvRecord[] | "header"> {
  const { dialect } = await readDialect(sourceOf(file), "in", options, 2 ** 20);
  try {
    return csvParseRecords(file, options, dialect);
  } catch (error) {
    if ((error as Error).message.startsWith("header: ")) return "header";
    throw error;
  }
}

const anyOptions: fc.Arbitrary<CsvOptions> = fc.record(
  {
    delimiter: fc.constantFrom(",", ",", ",", ";", "\t", "§", "||"),
    quote: fc.constantFrom<string | false>('"', '"', '"', "'", false, "''"),
    escape: fc.constantFrom("\\", "'", "//"),
    comment: fc.constantFrom("#", "//", "é"),
    trim: fc.boolean(),
    relaxQuotes: fc.boolean(),
    columns: fc.constantFrom(["a"], ["a", "b"], ["a", "b", "c"]),
    header: fc.constant(true),
  },
  { requiredKeys: [] },
);

/** With `relax_quotes`, `csv-parse` drops characters of a quote that has several. */
const options = fc
  .oneof(fc.constant<CsvOptions>({}), fc.constant<CsvOptions>({ columns: ["a", "b"] }), anyOptions)
  .filter(({ quote, relaxQuotes }) => !(quote === "''" && relaxQuotes === true));

const texts = [
  '"',
  '"',
  '"',
  '""',
  ",",
  ",",
  ",",
  "\n",
  "\n",
  "\n",
  "\r\n",
  "\r",
  "a",
  "b",
  "x y",
  "1",
  " ",
  "\t",
  "\0",
];
const rareTexts = [
  "é",
  "😀",
  "#",
  ";",
  "\\",
  "'",
  "''",
  "\x1a",
  "\ufeff",
  "\u00a0",
  "§",
  "||",
  "//",
  '"a"',
  ',"',
  '",',
  '"\n',
];
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...texts).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.constantFrom(...rareTexts).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.constantFrom(0xff, 0xc3, 0x80).map((byte) => Buffer.from([byte])) },
);
const pieces = fc.array(piece, { maxLength: 200 }).map((parts) => Buffer.concat(parts));

const field = fc.oneof(
  fc.constantFrom("", "a", '"', ",", "\n", "\r\n", "\r", "é", "😀", "#", " b ", "1", '","', '"\n"', "\ufeff"),
  fc.string({ maxLength: 8 }).map((text) => text.replaceAll("\0", "")),
);
const fieldText = fc.tuple(field, fc.boolean()).map(([text, isQuoted]) => {
  return isQuoted || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
});
/** A file that is well-formed, but for rows with too few fields. */
const wellFormed = fc
  .tuple(fc.array(fc.array(fieldText, { minLength: 2, maxLength: 3 })), fc.constantFrom("\n", "\r\n"))
  .map(([rows, end]) => Buffer.from(["a,b,c", ...rows.map((row) => row.join(","))].join(end)));
const file = fc.oneof(pieces, pieces, wellFormed);
const chunkBytes = fc.integer({ min: 1, max: 40 });

/** Repeats the property until it has compared enough rows; `run` returns how many it compares. */
async function untilEnough<Values extends [unknown, ...unknown[]]>(
  arbitraries: { [N in keyof Values]: fc.Arbitrary<Values[N]> },
  run: (...values: Values) => Promise<number>,
): Promise<void> {
  for (let rows = 0; rows < rowsWanted;) {
    const counted = async (...values: Values) => {
      rows += await run(...values);
    };
    await fc.assert(fc.asyncProperty(...arbitraries, counted), { numRuns: 1000 });
  }
}

it(
  "reads what csv-parse reads, with all options, however the file comes in chunks",
  async () => {
    await untilEnough([file, options, chunkBytes], async (file, options, chunkBytes) => {
      const expected = await expectedRecords(file, options);
      expect(await recordsOf(file, { options })).toEqual(expected);
      expect(await recordsOf(file, { options, chunkBytes })).toEqual(expected);
      return expected.length;
    });
  },
  timeoutMs,
);

describe("a file in splits", () => {
  it(
    "has the rows of the file as a whole, wherever it is cut",
    async () => {
      const places = fc.array(fc.nat(300), { maxLength: 4 }).map((places) => places.sort((a, b) => a - b));
      await untilEnough([file, options, chunkBytes, places], async (file, options, chunkBytes, places) => {
        const expected = await recordsOf(file, { options });
        if (expected === "header") return 0;
        const reader = await openCsv({ source: sourceOf(file), file: "in", options, chunkBytes });
        const header = await reader.header();
        const starts: number[] = [];
        for (const place of places) starts.push(await reader.skipTo(place));
        const ends = [...starts, Infinity];
        const found: CsvRecord[] = [];
        for (const [n, endBytes] of ends.entries()) {
          const from = starts[n - 1];
          // The first one begins with the header.
          const part =
            from === undefined
              ? await recordsOf(file, { options, endBytes })
              : await recordsOf(file, { options, endBytes, from }, header);
          if (part === "header") throw new Error("only the first split has a header");
          found.push(...part);
        }
        expect(found).toEqual(expected);
        return expected.length;
      });
    },
    timeoutMs,
  );

  it("is planned so that each split begins with a row, and is read as the file as a whole", async () => {
    const run = async (file: Buffer, options: CsvOptions, splitBytes: number) => {
      const path = temporary.newPath();
      writeFileSync(path, file);
      const format = { input: "csv", csv: options } as const;
      const whole = planSplits(findInputs([path]), "csv", splitBytes);
      const splits = await cutCsvFiles(whole, { csv: options, splitBytes });
      const read = async (split: (typeof splits)[number]) => {
        try {
          return await readAll(openText(split, format));
        } catch (error) {
          if (error instanceof UnreadableInputError) return [];
          throw error;
        }
      };
      const [expected = []] = await Promise.all(whole.map(read));
      expect((await Promise.all(splits.map(read))).flat()).toEqual(expected);
      expect(temporary.openFiles()).toBe(0);
    };
    await fc.assert(fc.asyncProperty(file, options, fc.integer({ min: 5, max: 300 }), run), { numRuns: 300 });
  });

  it("is not planned any further when the job is stopped", async () => {
    const path = temporary.newPath();
    writeFileSync(path, Buffer.alloc(40 * 2 ** 20, '1,"2\\n"\\n'));
    const splits = planSplits(findInputs([path]), "csv", 1000);
    const signal = AbortSignal.abort(new Error("stopped"));
    await expect(cutCsvFiles(splits, { splitBytes: 1000, signal })).rejects.toThrow("stopped");
    expect(temporary.openFiles()).toBe(0);
  });
});

const python = `
import base64, csv, io, json, sys
for line in sys.stdin:
    text = base64.b64decode(line).decode()
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    print(json.dumps([row for row in rows if row]))
`;
const hasPython = (() => {
  try {
    return execFileSync("python3", ["-c", "print(1)"], { stdio: ["ignore", "pipe", "ignore"] }).length > 0;
  } catch {
    return false;
  }
})();

it.skipIf(!hasPython)(
  "reads what Python's csv reads, where fields with line ends are in quotes",
  async () => {
    const files: Buffer[] = [];
    const isBlank = (row: readonly string[]) => row.length === 1 && (row[0] ?? "").trim() === "";
    await untilEnough([wellFormed], (file) => {
      files.push(file);
      return Promise.resolve(file.toString().split("\n").length);
    });
    const input = files.map((file) => `${file.toString("base64")}\n`).join("");
    const output = execFileSync("python3", ["-c", python], { input, maxBuffer: 2 ** 30, encoding: "utf8" });
    const expected = output.trimEnd().split("\n");
    expect(expected).toHaveLength(files.length);
    for (const [n, file] of files.entries()) {
      const [header = [], ...rows] = (JSON.parse(expected[n] ?? "") as string[][]).filter((row) => !isBlank(row));
      const found = await recordsOf(file, { options: {} });
      if (found === "header") throw new Error("the header is well-formed");
      const values = rows.map((row) => (row.length === 3 ? row.map((field, n) => [header[n], field]) : row.length));
      const short = /^a row of (\d) fields?, and there are 3 columns$/;
      const foundValues = found.map(({ value }) =>
        typeof value === "string" ? Number(short.exec(value)?.[1]) : value,
      );
      expect(foundValues).toEqual(values);
    }
  },
  timeoutMs,
);
