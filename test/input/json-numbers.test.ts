import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkApp } from "../../src/app/load.js";
import { findInputs } from "../../src/input/files.js";
import { findLargeNumber } from "../../src/input/large-numbers.js";
import { LargeNumberError, parseDocument, type Integers } from "../../src/input/json-document.js";
import type { RecordFormat } from "../../src/input/records.js";
import { planSplits } from "../../src/input/splits.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { openText, readAll } from "./read-all.js";

const temporary = useTemporaryDirectory();

/** The value read from one line. */
async function read(line: string, integers?: Integers, input: "jsonl" | "pairs" = "jsonl"): Promise<unknown> {
  const [found] = await readLines([line], { input, jsonl: { integers } as RecordFormat["jsonl"] });
  return found;
}

async function readLines(lines: readonly string[], format: RecordFormat, splitBytes = 2 ** 20): Promise<unknown[]> {
  const path = temporary.newPath();
  writeFileSync(path, lines.join("\n"));
  const found: unknown[] = [];
  for (const split of planSplits(findInputs([path]), format.input, splitBytes)) {
    found.push(...(await readAll(openText(split, format))).map(({ value }) => value));
  }
  return found;
}

const digits = (length: number) =>
  fc.stringMatching(/^[1-9]\d*$/, { maxLength: length }).filter((text) => text.length > 0);
/** Literals of all kinds, including those around 2^53 and 1.8e308. */
const literal = fc.oneof(
  fc.maxSafeInteger().map(String),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }).map(String),
  fc.bigInt({ min: -(2n ** 53n) - 3n, max: -(2n ** 53n) + 3n }).map(String),
  fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => JSON.stringify(number)),
  fc.tuple(digits(20), digits(20)).map(([whole, fraction]) => `${whole}.${fraction}`),
  fc.tuple(digits(18), fc.integer({ min: -400, max: 290 })).map(([whole, exponent]) => `${whole}e${exponent}`),
);

describe("a number in JSON Lines", () => {
  it.each<[string, unknown]>([
    ["9007199254740991", 9007199254740991],
    ["-9007199254740991", -9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["9007199254740993", 9007199254740993n],
    ["-9007199254740993", -9007199254740993n],
    ["1000000000000000", 1000000000000000],
    ["9".repeat(400), BigInt("9".repeat(400))],
    ["9007199254740993.0", 9007199254740992],
    ["9007199254740993e0", 9007199254740992],
    ["0.1234567890123456789", 0.12345678901234568],
    ["1e25", 1e25],
    ["1e-400", 0],
    ["-0", -0],
    ['"9100521604143693812"', "9100521604143693812"],
    ['"a\\"9100521604143693812"', 'a"9100521604143693812'],
    ['{"a\\\\":9100521604143693812}', { "a\\": 9100521604143693812n }],
    [
      '{"9100521604143693812":[[9100521604143693813,1],{"b":-9100521604143693814}]}',
      { "9100521604143693812": [[9100521604143693813n, 1], { b: -9100521604143693814n }] },
    ],
    ['{"a":9100521604143693812,"a":1}', { a: 1 }],
    ['["\\ue000 \ue001 \\uE002",9100521604143693812]', ["\ue000 \ue001 \ue002", 9100521604143693812n]],
  ])("%s is read as %s", async (line, value) => {
    expect(await read(line)).toStrictEqual(value);
  });

  it.each<[string, string]>([
    ["1e400", "the number 1e400 is larger than a JavaScript number can be (1.8e308); write it as a string"],
    ['{"a":[-1.5E+400]}', "the number -1.5E+400 is larger than"],
    ["[1e999999]", "the number 1e999999 is larger than"],
    ["123456789012345678e300", "the number 123456789012345678e300 is larger than"],
    ["[1e400,]", "not JSON: Unexpected token"],
    ["09100521604143693812", "not JSON: "],
    ["--9100521604143693812", "not JSON: "],
    ["[9100521604143693812 1]", "not JSON: "],
    ["[9100521604143693812-]", "not JSON: "],
    ["9100521604143693812e", "not JSON: "],
    ["{9100521604143693812:1}", "not JSON: "],
    ['["9100521604143693812', "not JSON: "],
  ])("in %s is a bad record", async (line, says) => {
    for (const integers of ["bigint", "string", "number"] as const) {
      expect(String(await read(line, integers)).startsWith(`bad: ${says}`)).toBe(true);
    }
  });

  it("follows the app's integers option when it is an integer beyond 2^53", async () => {
    const line = '{"id":9100521604143693812,"n":[-9100521604143693813,5]}';
    expect(await read(line, "bigint")).toEqual({ id: 9100521604143693812n, n: [-9100521604143693813n, 5] });
    expect(await read(line, "string")).toEqual({ id: "9100521604143693812", n: ["-9100521604143693813", 5] });
    expect(await read(line, "number")).toEqual(JSON.parse(line));
    expect(await read("9".repeat(400), "string")).toBe("9".repeat(400));
    expect(await read("9".repeat(400), "number")).toMatch(/^bad: the number 9{40}… is larger/);
  });

  it("is read in the same way in pairs", async () => {
    const pair = '{"key":"9","value":9100521604143693812}';
    expect(await read(pair, undefined, "pairs")).toEqual({ key: "9", value: 9100521604143693812n });
    expect(await read(pair, "string", "pairs")).toEqual({ key: "9", value: "9100521604143693812" });
    expect(await read('{"key":9100521604143693812,"value":1}', undefined, "pairs")).toMatch(/^bad: not a pair/);
  });

  it("is found in each line of a long file, wherever the splits and chunks begin", async () => {
    const start = 9100521604143693812n;
    const lines = Array.from({ length: 30_000 }, (_, n) => {
      return n % 7 === 0 ? `{"id":${start + BigInt(n)}}` : `{"id":"${start + BigInt(n)}","n":${n}}`;
    });
    const ids = lines.map((_, n) => (n % 7 === 0 ? start + BigInt(n) : String(start + BigInt(n))));
    const found = await readLines(lines, { input: "jsonl" }, 100_003);
    expect(found.map((document) => (document as { id: unknown }).id)).toEqual(ids);
  });

  it("is read at any depth", () => {
    const depth = 100_000;
    const text = `${"[".repeat(depth)}9100521604143693812${"]".repeat(depth)}`;
    let value = parseDocument(text, "bigint");
    while (Array.isArray(value)) value = value[0] as typeof value;
    expect(value).toBe(9100521604143693812n);
  });
});

describe("parseDocument", () => {
  /** The text of a JSON value whose numbers are such literals. */
  const { document } = fc.letrec<{ document: string }>((tie) => ({
    document: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      literal,
      fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
      fc.constantFrom("null", "true", '"\\u0039\\ue000"', '"\ue000"'),
      fc.array(tie("document"), { maxLength: 4 }).map((values) => `[${values.join(" ,")}]`),
      fc
        .array(fc.tuple(fc.oneof(fc.string(), fc.constantFrom("__proto__", "10", "2", "a")), tie("document")), {
          maxLength: 4,
        })
        .map((entries) => `{${entries.map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(",")}}`),
    ),
  }));

  const isBeyond = (text: string) =>
    /^-?\d+$/.test(text) && (BigInt(text) > 2n ** 53n - 1n || BigInt(text) < 1n - 2n ** 53n);

  it("equals JSON.parse where all numbers are exact, and never loses a digit of an integer", () => {
    fc.assert(
      fc.property(document, (text) => {
        const found = parseDocument(text, "string");
        // Outside of strings, each number is one of the literals.
        const expected = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gs, (token) =>
          !token.startsWith('"') && isBeyond(token) ? `"${token}"` : token,
        );
        expect(JSON.stringify(found)).toBe(JSON.stringify(JSON.parse(expected)));
        const asBigints = JSON.stringify(parseDocument(text, "bigint"), (_, value: unknown) =>
          typeof value === "bigint" ? String(value) : value,
        );
        expect(asBigints).toBe(JSON.stringify(found));
        expect(parseDocument(text, "number")).toStrictEqual(JSON.parse(text));
      }),
      { numRuns: 1000 },
    );
  });

  it("rejects what JSON.parse rejects, with the same words", () => {
    const broken = fc
      .tuple(document, fc.nat(), fc.constantFrom("", '"', "\\", "1", "-", "e", ",", "]", "}", "9100521604143693812"))
      .map(([text, at, put]) => text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + 1));
    const outcome = (parse: () => unknown) => {
      try {
        parse();
        return "parsed";
      } catch (error) {
        return error instanceof LargeNumberError ? "parsed" : (error as Error).message;
      }
    };
    fc.assert(
      fc.property(broken, fc.constantFrom<Integers>("bigint", "string", "number"), (text, integers) => {
        expect(outcome(() => parseDocument(text, integers))).toBe(outcome(() => JSON.parse(text) as unknown));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("findLargeNumber", () => {
  it("finds the same as a regular expression, at any position", () => {
    const piece = fc.oneof(
      fc.stringMatching(/^\d{0,18}$/),
      fc.constantFrom("e", "E", "e+", "1e400", "3E+999", "e40", "a", "é", " ", "1e4", ".", '"', ",", "-"),
    );
    const run = (pieces: string[], from: number, isMisaligned: boolean) => {
      const text = pieces.join("");
      const bytes = Buffer.from(isMisaligned ? `x${text}` : text).subarray(isMisaligned ? 1 : 0);
      const start = from % (bytes.length + 1);
      const found = findLargeNumber(bytes, start);
      // With a start position, a number may have begun before it: the search must only not miss any.
      const latin = bytes.toString("latin1");
      const places = [...latin.matchAll(/(?<=(?:^|[ ,])-?)(?=([\d.]*\d[eE]\+?\d{3}|[\d.]*\d{16,}))/g)].map((match) => {
        return [match.index, match.index + (match[1]?.length ?? 0)] as const;
      });
      const next = places.find(([at]) => at >= start);
      if (next !== undefined) expect(found).toBeLessThan(next[1]);
      if (found !== Infinity) expect(places.some(([at, end]) => at <= found && found < end)).toBe(true);
      if (found !== Infinity) expect(found).toBeGreaterThanOrEqual(start);
    };
    fc.assert(fc.property(fc.array(piece, { maxLength: 20 }), fc.nat({ max: 60 }), fc.boolean(), run), {
      numRuns: 3000,
    });
  });
});

describe("the option jsonl of an app", () => {
  const check = (jsonl: unknown, input = "jsonl") => checkApp("a.mjs", { input, jsonl, map: () => undefined });

  it("is accepted with input jsonl and pairs", () => {
    expect(check({ integers: "string" }).jsonl).toEqual({ integers: "string" });
    expect(check({}, "pairs").jsonl).toEqual({});
    expect(check(undefined, "lines").jsonl).toBeUndefined();
  });

  it.each<[unknown, string | undefined, string]>([
    [
      { integers: "BigInt" },
      "jsonl",
      '.integers must be "bigint", "string", "number", but is "BigInt" (did you mean "bigint"?)',
    ],
    [{ integers: "strings" }, "jsonl", 'but is "strings" (did you mean "string"?)'],
    [{ integers: "decimal" }, "jsonl", 'but is "decimal"'],
    [{ integers: BigInt }, "jsonl", "but is of type function"],
    [{ integer: "bigint" }, "jsonl", 'has no option "integer"; it has integers'],
    ["bigint", "jsonl", "export jsonl must be an object"],
    [{ integers: "string" }, "csv", 'export jsonl applies only with input = "jsonl" or "pairs"'],
  ])("is refused when it is %o with input %s", (jsonl, input, says) => {
    expect(() => check(jsonl, input)).toThrow(says);
  });
});
