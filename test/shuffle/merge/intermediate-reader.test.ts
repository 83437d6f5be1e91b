import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue, KeyValue } from "../../../src/app/contract.js";
import { DamagedInputError } from "../../../src/shuffle/merge/damaged-input-error.js";
import { keyBytes } from "../key-oracle.js";
import { createSlabCollector } from "../../../src/shuffle/collect/slab-collector.js";
import { type DecodedLine, decodedLines, storedContent } from "./decoded-lines.js";
import { hostileKey, pairs } from "../hostile-data.js";
import { collect } from "../shuffle-run.js";
import { useTemporaryDirectory } from "../../support/temporary-directory.js";

const directory = useTemporaryDirectory();
let path = "";

/** The lines in these contents; all contents of a test use the same path. */
function read(content: string | Uint8Array, blockBytes?: number): DecodedLine[] {
  return decodedLines(storedContent(path, content), blockBytes);
}

/** The result of `JSON.parse` for the lines. Throws when one is not a line of an intermediate file. */
function parsed(content: Buffer): DecodedLine[] {
  const lines = content.toString("utf8").split("\n");
  if (lines.pop() !== "") throw new Error("the last line has no end");
  return lines.map((text) => {
    const line = JSON.parse(text) as [string, JsonValue[], number[]?];
    const [key, values, counts = values.map(() => 1)] = line;
    const isLine = typeof key === "string" && values.length > 0 && counts.length === values.length && line.length < 4;
    if (!isLine || !counts.every((count) => Number.isSafeInteger(count) && count > 0)) throw new Error("no line");
    return { key, keyBytes: [...keyBytes(key)], values, counts };
  });
}

/** An intermediate file with these pairs. */
function fileOf(emitted: KeyValue[]): Buffer {
  const options = { reducers: 1, temporaryPath: () => directory.newPath(), spillPath: () => directory.newPath() };
  return Buffer.concat(collect(createSlabCollector, options, emitted).map((file) => readFileSync(file.path)));
}

describe("IntermediateReader", () => {
  it("agrees with JSON.parse, for any pairs and any block size", () => {
    path = directory.newPath();
    fc.assert(
      fc.property(pairs, fc.integer({ min: 1, max: 100 }), (emitted, blockBytes) => {
        const content = fileOf(emitted);
        expect(read(content, blockBytes)).toEqual(parsed(content));
      }),
      { numRuns: 300 },
    );
  });

  it("agrees with JSON.parse on keys and strings with unnecessary escapes", () => {
    path = directory.newPath();
    const escaped = (text: string) =>
      JSON.stringify(text).replace(/[a-z]/gu, (letter) => `\\u00${letter.codePointAt(0)?.toString(16) ?? ""}`);
    fc.assert(
      fc.property(hostileKey, hostileKey, (key, value) => {
        const content = Buffer.from(`[${escaped(key)},[${escaped(value)}]]\n`);
        expect(read(content)).toEqual(parsed(content));
      }),
    );
  });

  it("agrees with JSON.parse on every JSON number", () => {
    path = directory.newPath();
    const texts = [
      "0",
      "-0",
      "7",
      "-7",
      "999999999999999",
      "9007199254740993",
      "12345678901234567890",
      "1.50",
      "1e3",
      "1E-7",
    ];
    for (const text of texts) {
      const [line] = read(`["k",[${text},${text}]]\n`);
      expect(line?.values.every((value) => Object.is(value, JSON.parse(text)))).toBe(true);
    }
  });

  it("returns a bigint for digits behind a tab, anywhere in the line", () => {
    path = directory.newPath();
    const values = [{ a: "\t1" }, 2n ** 70n, "a long string of text", -1n, 2 ** 60, [1], 0n];
    const texts = values.map((value) => (typeof value === "bigint" ? `\t${value}` : JSON.stringify(value)));
    expect(read(`["k",[${texts.join(",")}]]\n`)[0]?.values).toEqual(values);
    expect(read(`["k",[${texts.toReversed().join(",")}],[1,2,3,4,5,6,7]]\n`)[0]?.values).toEqual(values.toReversed());
    for (const text of ["\t", "\t-", "\t01", "\t0x1", "\t1n"]) {
      expect(() => read(`["k",[${text}]]\n`)).toThrow(DamagedInputError);
    }
  });

  it("distinguishes equal strings in neighbouring lines from strings that only begin alike", () => {
    path = directory.newPath();
    const values = [
      "a long file name",
      "a long file name",
      "a long file name!",
      "a long file nam",
      "a long file namé",
      "é".repeat(13),
    ];
    const content = Buffer.from(values.map((value, index) => `["k${index}",["${value}"]]\n`).join(""));
    expect(read(content).flatMap((line) => line.values)).toEqual(values);
    expect(read(content, 40).flatMap((line) => line.values)).toEqual(values);
  });

  it("agrees with JSON.parse on a file with changed bytes, or calls it damaged", () => {
    path = directory.newPath();
    // A tab marks a bigint, which `JSON.parse` does not support.
    const interesting = fc.constantFrom(...Buffer.from('\n\r "\\,[]{}-+.0129eu\0'), 0x80, 0xed, 0xa0, 0xff);
    const mutation = fc.record({
      at: fc.nat(),
      removed: fc.nat({ max: 3 }),
      added: fc.array(fc.oneof(interesting, fc.integer({ min: 10, max: 255 })), { maxLength: 3 }),
    });
    const seen = { read: 0, damaged: 0 };
    fc.assert(
      fc.property(pairs, fc.array(mutation, { minLength: 1, maxLength: 3 }), (emitted, mutations) => {
        let content = fileOf(emitted);
        for (const { at, removed, added } of mutations) {
          const from = at % (content.length + 1);
          content = Buffer.concat([content.subarray(0, from), Buffer.from(added), content.subarray(from + removed)]);
        }
        let lines: DecodedLine[];
        try {
          lines = read(content);
        } catch (error) {
          expect(error).toBeInstanceOf(DamagedInputError);
          expect((error as Error).message).toContain(`intermediate file ${path} is damaged: `);
          seen.damaged++;
          return;
        }
        expect(lines).toEqual(parsed(content));
        seen.read++;
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.read, seen.damaged)).toBeGreaterThan(50);
    expect(directory.openFiles()).toBe(0);
  });

  it.each([
    "",
    '["the',
    '["the\\',
    '["the\\"',
    '["the\t",["1"]]',
    '["\\x",["1"]]',
    '["the"x["1"]]',
    '["the",["1]]',
    '["the",["1\\]]',
    '["the",["1"]',
    '["the",["1"]]x',
    '["the",[01]]',
    '["the",[1x]]',
    '["the",[-]]',
    '["the",[,]]',
    '["the",[1,]]',
    '["the",[nul]]',
    '["the",[[1]]',
    '["the",[[1}]]',
    '["the",["a long file name",{]]',
    '["the",["1"],[01]]',
    '["the",["1"],[]]]',
    '["the",["1"],[2]',
    '["the",["1"],[99999999999999999999999]]',
    "[",
    "the 1",
    "null",
    "{}",
    '"the"',
    "[]",
    '["the"]',
    '["the",[]]',
    '["the","1"]',
    '["the",{"0":"1","length":1}]',
    '[1,["1"]]',
    '[null,["1"]]',
    '["the",["1"],null]',
    '["the",["1"],[]]',
    '["the",["1"],1]',
    '["the",["1"],[0]]',
    '["the",["1"],[-1]]',
    '["the",["1"],[1.5]]',
    '["the",["1"],["2"]]',
    '["the",["1"],[9007199254740992]]',
    '["the",["1"],[1e999]]',
    '["the",["1"],[2,2]]',
    '["the",["1","2"],[2]]',
    '["the",["1"],[2],[2]]',
    '["the",["1"],[2]]["the",["1"],[2]]',
  ])("rejects %j, naming file and line", (text) => {
    path = directory.newPath();
    const action = () => read(`["a",["1"]]\n${text}\n["x",["1"]]\n`);
    expect(action).toThrow(DamagedInputError);
    expect(action).toThrow(`intermediate file ${path} is damaged: line 2 is not `);
  });

  it("rejects bytes that are not UTF-8", () => {
    path = directory.newPath();
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80]]) {
      const content = Buffer.concat([Buffer.from('["'), Buffer.from(bytes), Buffer.from('",[1]]\n')]);
      expect(() => read(content)).toThrow(`intermediate file ${path} is damaged: it is not UTF-8`);
    }
  });
});
