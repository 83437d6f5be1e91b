import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InputKind, ReadRecords } from "../../src/app/contract.js";
import { findInputs } from "../../src/input/files.js";
import { piecesOf } from "../../src/input/file-pieces.js";
import { lineNumber } from "../../src/input/line-number.js";
import { sourceOfSplits, type RecordFormat } from "../../src/input/records.js";
import { planSplits } from "../../src/input/splits.js";
import { decodedPieces, unmarkedEncodingOf } from "../../src/input/text-encoding.js";
import type { Encoding } from "../../src/model/input-kinds.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { xzOf } from "../support/xz-file.js";
import { onlyPart, openBytes, openText, readAll } from "./read-all.js";

const temporary = useTemporaryDirectory();

/** The text in that encoding, encoded character by character, with its byte order mark. */
function encoded(text: string, encoding: Encoding): Buffer {
  const units: number[] = [];
  const bytes = encoding.startsWith("utf-16") ? 2 : 4;
  for (const character of `\ufeff${text}`) {
    if (bytes === 4) units.push(character.codePointAt(0) ?? 0);
    else for (let at = 0; at < character.length; at++) units.push(character.charCodeAt(at));
  }
  const buffer = Buffer.alloc(units.length * bytes);
  for (const [at, unit] of units.entries()) {
    if (encoding.endsWith("le")) buffer.writeUIntLE(unit, at * bytes, bytes);
    else buffer.writeUIntBE(unit, at * bytes, bytes);
  }
  return buffer;
}

async function decode(bytes: Buffer, encoding: Encoding, pieceBytes = 1000): Promise<string> {
  const pieces = (async function* () {
    await Promise.resolve();
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  })();
  const found: Uint8Array[] = [];
  for await (const piece of decodedPieces(pieces, encoding, "in.txt")) found.push(piece);
  return Buffer.concat(found).toString();
}

function splitsOf(bytes: Uint8Array, kind: RecordFormat["input"], splitBytes = 5) {
  const path = temporary.newPath();
  writeFileSync(path, bytes);
  return planSplits(findInputs([path]), kind, splitBytes);
}

/** All records of a file, as values and as bytes if the kind has both. */
async function recordsOf(bytes: Uint8Array, kind: InputKind, splitBytes?: number): Promise<unknown[]> {
  const splits = splitsOf(bytes, kind, splitBytes);
  const read = async (open: typeof openText | typeof openBytes) => {
    const found: unknown[] = [];
    for (const split of splits) found.push(...(await readAll(open(split, { input: kind }))).map(({ value }) => value));
    return found;
  };
  const texts = await read(openText);
  if (kind === "lines" || kind === "file") expect(await read(openBytes)).toEqual(texts);
  if (kind === "text") expect((await read(openBytes)).join("")).toEqual(texts.join(""));
  return texts;
}

const encodings = ["utf-16le", "utf-16be", "utf-32le", "utf-32be"] as const;
const text = "héllo 😀 whale\r\nhello\n\u2028x\n";

describe("text in UTF-16 or UTF-32", () => {
  it.each(encodings)("is what was encoded, wherever it is cut into pieces (%s)", async (encoding) => {
    const texts = fc.string({ unit: "binary", maxLength: 40 });
    const run = async (text: string, pieceBytes: number) => {
      expect(await decode(encoded(text, encoding), encoding, pieceBytes)).toBe(text);
    };
    await fc.assert(fc.asyncProperty(texts, fc.integer({ min: 1, max: 20 }), run));
  });

  it.each(encodings)("is read as if it were UTF-8, whatever a record is (%s)", async (encoding) => {
    const documents = '{"key":"é","value":1}\n{"key":"b","value":2}\n';
    const csv = "é,b\n1,2\n3,4\n";
    for (const convert of [(bytes: Buffer) => bytes, (bytes: Buffer) => gzipSync(bytes), xzOf]) {
      const as = (text: string) => convert(encoded(text, encoding));
      const utf8 = (text: string) => gzipSync(text);
      for (const kind of ["file", "text", "lines"] as const) {
        expect(await recordsOf(as(text), kind)).toEqual(await recordsOf(utf8(text), kind));
      }
      for (const kind of ["jsonl", "pairs"] as const) {
        expect(await recordsOf(as(documents), kind)).toEqual(await recordsOf(utf8(documents), kind));
      }
      expect(await recordsOf(as(csv), "csv")).toEqual([
        { é: "1", b: "2" },
        { é: "3", b: "4" },
      ]);
    }
    expect(temporary.openFiles()).toBe(0);
  });

  it("is one split, with offsets into its UTF-8 form", async () => {
    const [split, ...others] = splitsOf(encoded("é\nb\nc", "utf-16le"), "lines", 2);
    if (split === undefined) throw new Error("there is a split");
    expect(others).toEqual([]);
    const found = await readAll(openText(split, { input: "lines" }));
    expect(found.map(({ offset, endOffset }) => [offset, endOffset])).toEqual([
      [0, 3],
      [3, 5],
      [5, 6],
    ]);
    expect(await lineNumber(split, 5)).toBe(3);
  });

  it("is refused by name when it is cut off or invalid", async () => {
    const bytes = encoded("a😀", "utf-16le");
    await expect(decode(bytes.subarray(0, 5), "utf-16le")).rejects.toThrow(
      "in.txt is not the UTF-16LE that its byte order mark says: it ends in the middle of a character",
    );
    await expect(decode(bytes.subarray(0, 6), "utf-16le")).rejects.toThrow("in the middle of a character");
    await expect(decode(Buffer.concat([bytes.subarray(0, 6), bytes]), "utf-16le")).rejects.toThrow("half a surrogate");
    await expect(decode(Buffer.from("fffe00dc6100", "hex"), "utf-16le", 1)).rejects.toThrow("half a surrogate");
    await expect(decode(Buffer.from("0000feff00d80000", "hex"), "utf-32be")).rejects.toThrow("not a character");
    await expect(decode(Buffer.from("0000feff0000d800", "hex"), "utf-32be")).rejects.toThrow("not a character");
  });

  it("is empty when it is only a byte order mark", async () => {
    for (const encoding of encodings) expect(await recordsOf(encoded("", encoding), "lines")).toEqual([]);
  });

  it("without a byte order mark is refused where text is expected, with the command that converts it", () => {
    for (const encoding of encodings) {
      const bytes = encoded("hello whale\nhello\n", encoding);
      const unmarked = bytes.subarray(encoding.startsWith("utf-16") ? 2 : 4);
      expect(unmarkedEncodingOf(unmarked)).toBe(encoding);
      const name = encoding.toUpperCase();
      expect(() => splitsOf(unmarked, "lines")).toThrow(`is ${name} without a byte order mark`);
      expect(() => splitsOf(unmarked, "lines")).toThrow(`iconv -f ${name} -t UTF-8`);
    }
    for (const text of ["hello whale", "a\0bc\0de\0fg\0hi\0", "", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"]) {
      expect(unmarkedEncodingOf(Buffer.from(text))).toBeUndefined();
    }
  });

  it("reaches an app's own reader unchanged, with a warning", async () => {
    const bytes = encoded("ab", "utf-16be");
    const readRecords: ReadRecords = async function* (stream) {
      const pieces: Buffer[] = [];
      for await (const piece of stream) pieces.push(piece as Buffer);
      yield Buffer.concat(pieces).toString("hex");
    };
    for (const stored of [bytes, gzipSync(bytes), xzOf(bytes)]) {
      const [split] = splitsOf(stored, "own");
      if (split === undefined) throw new Error("there is a split");
      const source = sourceOfSplits([split], { input: "own", readRecords });
      const found = await readAll(onlyPart(source).openValues({ filename: split.file } as never));
      expect(found.map(({ value }) => value)).toEqual([bytes.toString("hex")]);
      expect(source.warnings).toEqual([
        `${split.file} begins with the byte order mark of UTF-16BE, and readRecords receives its raw bytes`,
      ]);
    }
  });
});

describe("the byte order mark of UTF-8", () => {
  const mark = "\ufeff";

  it("is dropped only at the beginning of a file, whatever the kind of records", async () => {
    const marked = `${mark}a\n${mark}b\n${mark}c\n`;
    for (const bytes of [Buffer.from(marked), gzipSync(marked), xzOf(marked)]) {
      for (const splitBytes of [1, 2, 3, 4, 5, 100]) {
        expect(await recordsOf(bytes, "lines", splitBytes)).toEqual(["a", `${mark}b`, `${mark}c`]);
        expect((await recordsOf(bytes, "text", splitBytes)).join("")).toEqual(marked.slice(1));
      }
      expect(await recordsOf(bytes, "file")).toEqual([marked.slice(1)]);
    }
    const pairs = `${mark}{"key":"a","value":1}\n`;
    const csv = `${mark}"a b",c\n1,2\n`;
    for (const convert of [(text: string) => Buffer.from(text), (text: string) => gzipSync(text), xzOf]) {
      expect(await recordsOf(convert(pairs), "jsonl")).toEqual([{ key: "a", value: 1 }]);
      expect(await recordsOf(convert(pairs), "pairs")).toEqual([{ key: "a", value: 1 }]);
      expect(await recordsOf(convert(csv), "csv")).toEqual([{ "a b": "1", c: "2" }]);
    }
  });

  it("is dropped once when there are two, and a file that is only a mark becomes empty", async () => {
    expect(await recordsOf(Buffer.from(`${mark}${mark}a`), "lines")).toEqual([`${mark}a`]);
    for (const kind of ["lines", "text", "jsonl", "csv"] as const) {
      expect(await recordsOf(Buffer.from(mark), kind)).toEqual([]);
    }
    expect(await recordsOf(Buffer.from(mark), "file")).toEqual([""]);
  });

  it("belongs to the first record, which begins at 0", async () => {
    const splits = splitsOf(Buffer.from(`${mark}a\nb\n`), "lines", 100);
    const found = await Promise.all(splits.map((split) => readAll(openText(split, { input: "lines" }))));
    expect(found.flat().map(({ offset, endOffset }) => [offset, endOffset])).toEqual([
      [0, 5],
      [5, 7],
    ]);
    const bad = splitsOf(Buffer.from(`${mark}nonsense\n1\n`), "jsonl", 100);
    const read = await Promise.all(bad.map((split) => readAll(openText(split, { input: "jsonl" }))));
    expect(read.flat().map(({ offset, endOffset }) => [offset, endOffset])).toEqual([
      [0, 12],
      [12, 14],
    ]);
  });

  it("is dropped for an app's own reader, however short the first piece is", async () => {
    const path = temporary.newPath();
    writeFileSync(path, `${mark}a`);
    const pieces: Uint8Array[] = [];
    // Offsets in a file that is read as it is refer to its bytes, including the mark.
    for await (const piece of piecesOf({ file: "in", path })) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe(`${mark}a`);
    const readRecords: ReadRecords = async function* (stream) {
      for await (const piece of stream) yield String(piece);
    };
    for (const bytes of [Buffer.from(`${mark}a`), gzipSync(`${mark}a`), xzOf(`${mark}a`)]) {
      const [split] = splitsOf(bytes, "own");
      if (split === undefined) throw new Error("there is a split");
      const source = sourceOfSplits([split], { input: "own", readRecords });
      const found = await readAll(onlyPart(source).openValues({ filename: split.file } as never));
      expect(found.map(({ value }) => value)).toEqual(["a"]);
      expect(source.warnings).toEqual([]);
    }
  });
});
