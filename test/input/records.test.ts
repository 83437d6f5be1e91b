import { appendFileSync, truncateSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InputKind, ReadContext } from "../../src/app/contract.js";
import { findInputs } from "../../src/input/files.js";
import { sourceOfSplits } from "../../src/input/records.js";
import { planSplits } from "../../src/input/splits.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { xzOf } from "../support/xz-file.js";
import { onlyPart, openBytes, openText, readAll, type Read } from "./read-all.js";

const temporary = useTemporaryDirectory();

/** Reads a file in splits of at most `splitBytes`. */
async function read(path: string, kind: InputKind, splitBytes: number, how: "text" | "bytes"): Promise<Read[]> {
  const found: Read[] = [];
  for (const split of planSplits(findInputs([path]), kind, splitBytes)) {
    found.push(
      ...(await readAll(how === "text" ? openText(split, { input: kind }) : openBytes(split, { input: kind }))),
    );
  }
  return found;
}

/** The lines of some bytes with their endings, found byte by byte. A byte order mark by itself is not a line. */
function linesOf(bytes: Uint8Array): { line: Buffer; offset: number }[] {
  const lines: { line: Buffer; offset: number }[] = [];
  let start = 0;
  for (const [at, byte] of bytes.entries()) {
    if (byte !== 0x0a && at !== bytes.length - 1) continue;
    lines.push({ line: Buffer.from(bytes.subarray(start, at + 1)), offset: start });
    start = at + 1;
  }
  return lines.length === 1 && bytes.length === 3 && String(lines[0]?.line) === "\ufeff" ? [] : lines;
}

/** The app's view of the bytes at that place. */
function textAt(offset: number, bytes: Buffer): string {
  const text = bytes.toString();
  return offset === 0 ? text.replace(/^\ufeff/, "") : text;
}

const piece = fc.oneof(
  fc
    .constantFrom("\n", "\r\n", "\r", "\n\n", "a", "é", "😀", "\ufeff", "a line of some length")
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
);
/** The files of many compressors begin with this byte, and are refused or decompressed. */
const firstOfCompressed = 0x1f;
/** Files that begin with a byte order mark of UTF-16 or UTF-32 are decoded; these are the first two bytes. */
const encodingMarks = ["fffe", "feff", "0000"];
const contents = fc
  .array(piece, { maxLength: 30 })
  .map((pieces) => Buffer.concat(pieces))
  .filter((bytes) => bytes[0] !== firstOfCompressed && !encodingMarks.includes(bytes.toString("hex", 0, 2)));

describe("a split of lines", () => {
  it.each(["text", "bytes"] as const)("has each line in exactly one split, without its ending (as %s)", async (how) => {
    const path = temporary.newPath();
    const run = async (bytes: Buffer, splitBytes: number) => {
      writeFileSync(path, bytes);
      const expected = linesOf(bytes).map(({ line, offset }) => ({
        value: textAt(offset, line).replace(/\r?\n$/, ""),
        offset,
        endOffset: offset + line.length,
      }));
      expect(await read(path, "lines", splitBytes, how)).toEqual(expected);
    };
    await fc.assert(fc.asyncProperty(contents, fc.integer({ min: 1, max: 40 }), run), { numRuns: 400 });
    expect(temporary.openFiles()).toBe(0);
  });

  it("has lines that are longer than a split, and longer than a read", async () => {
    const path = temporary.newPath();
    const lines = ["short", "x".repeat(3_000_000), "é".repeat(400_000), "", "last"];
    writeFileSync(path, lines.join("\n"));
    for (const splitBytes of [100_000, 10_000_000]) {
      for (const how of ["text", "bytes"] as const) {
        expect((await read(path, "lines", splitBytes, how)).map(({ value }) => value)).toEqual(lines);
      }
    }
  });
});

describe("a split of text", () => {
  it("is one string of whole lines, or none when no line begins in it", async () => {
    const path = temporary.newPath();
    const run = async (bytes: Buffer, splitBytes: number) => {
      writeFileSync(path, bytes);
      const splits = planSplits(findInputs([path]), "text", splitBytes);
      for (const split of splits) {
        const lines = linesOf(bytes).filter(({ offset }) => offset >= split.startBytes && offset < split.endBytes);
        const text = Buffer.concat(lines.map(({ line }) => line));
        const offset = lines[0]?.offset ?? 0;
        const expected = [{ value: textAt(offset, text), offset, endOffset: offset + text.length }];
        expect(await readAll(openText(split, { input: "text" }))).toEqual(lines.length === 0 ? [] : expected);
      }
    };
    await fc.assert(fc.asyncProperty(contents, fc.integer({ min: 1, max: 40 }), run), { numRuns: 400 });
    expect(temporary.openFiles()).toBe(0);
  });

  it("consists, as bytes, of chunks of whole lines", async () => {
    const path = temporary.newPath();
    const lines = Array.from({ length: 60_000 }, (_, n) => `line ${n}${n % 1000 === 0 ? "-".repeat(n * 10) : ""}\n`);
    writeFileSync(path, lines.join(""));
    const chunks = await read(path, "text", 4_000_000, "bytes");
    expect(chunks.length).toBeGreaterThan(4);
    expect(chunks.map(({ value }) => value).join("")).toBe(lines.join(""));
    let offset = 0;
    for (const chunk of chunks) {
      const text = String(chunk.value);
      expect(chunk.offset).toBe(offset);
      expect(chunk.endOffset).toBe(offset + Buffer.byteLength(text));
      expect(text.endsWith("\n")).toBe(true);
      offset = chunk.endOffset;
    }
  });
});

describe("a compressed file", () => {
  const text = Array.from(
    { length: 30_000 },
    (_, n) => `${"x".repeat(n % 90)} é ${n}${n % 3 === 0 ? "\r\n" : "\n"}`,
  ).join("");
  const longLine = `${"y".repeat(700_000)}\nlast`;

  it.each(["lines", "text", "file"] as const)(
    "has the records of what comes out of it, in one split (%s)",
    async (kind) => {
      const [plain, compressed] = [temporary.newPath(), temporary.newPath()];
      writeFileSync(plain, text + longLine);
      for (const bytes of [gzipSync(text + longLine), xzOf(text + longLine)]) {
        writeFileSync(compressed, bytes);
        expect(planSplits(findInputs([compressed]), kind, 1000)).toHaveLength(1);
        for (const how of ["text", "bytes"] as const) {
          expect(await read(compressed, kind, 1000, how)).toEqual(await read(plain, kind, 2 ** 30, how));
        }
      }
      expect(temporary.openFiles()).toBe(0);
    },
  );

  it("comes as text in pieces of whole lines when it is long", async () => {
    const path = temporary.newPath();
    const long = text.repeat(Math.ceil((20 * 2 ** 20) / Buffer.byteLength(text)));
    writeFileSync(path, gzipSync(long));
    const pieces = await read(path, "text", 1000, "text");
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.map(({ value }) => value).join("")).toBe(long);
    for (const { value } of pieces.slice(0, -1)) expect(String(value).endsWith("\n")).toBe(true);
  });

  it("has no records when it is empty, except for an app that reads whole files", async () => {
    const path = temporary.newPath();
    writeFileSync(path, gzipSync(""));
    expect(await read(path, "lines", 1, "text")).toEqual([]);
    expect(await read(path, "text", 1, "text")).toEqual([]);
    expect(await read(path, "file", 1, "text")).toEqual([{ value: "", offset: 0, endOffset: 0 }]);
  });
});

describe("a whole file", () => {
  it.each(["text", "bytes"] as const)("is one record, in the order given, an empty one too (as %s)", async (how) => {
    const [first, second] = [temporary.newPath(), temporary.newPath()];
    writeFileSync(first, "one\r\ntwö");
    writeFileSync(second, "");
    expect(await read(second, "file", 1, how)).toEqual([{ value: "", offset: 0, endOffset: 0 }]);
    expect(await read(first, "file", 1, how)).toEqual([{ value: "one\r\ntwö", offset: 0, endOffset: 9 }]);
  });
});

describe("a file that has changed since its splits were planned", () => {
  const kinds = ["file", "text", "lines"] as const;

  it.each(kinds)("is read up to the length that it had, which may be in a line, with a warning (%s)", async (kind) => {
    const path = temporary.newPath();
    writeFileSync(path, "first\nlas");
    const [split] = planSplits(findInputs([path]), kind, 100);
    if (split === undefined) throw new Error("there is a split");
    appendFileSync(path, "t\nmore\n");
    for (const how of ["openValues", "openBytes"] as const) {
      const source = sourceOfSplits([split], { input: kind });
      const values = (await readAll(onlyPart(source)[how]({} as ReadContext))).map(({ value }) => value);
      expect(values.join(" ").replace(/\s/g, " ")).toBe("first las");
      expect(source.warnings).toEqual([
        `${path} grew while the job ran: the job reads the 9 bytes that it had at the beginning`,
      ]);
    }
    expect(temporary.openFiles()).toBe(0);
  });

  it.each(kinds)("is an error when it has become shorter, in whatever split (%s)", async (kind) => {
    const path = temporary.newPath();
    writeFileSync(path, "first\nsecond\nthird\nfourth");
    const splits = planSplits(findInputs([path]), kind, 6);
    truncateSync(path, 6);
    for (const split of splits) {
      for (const open of [openText, openBytes]) {
        const reading = (async () => readAll(open(split, { input: kind })))();
        await expect(reading).rejects.toThrow("it had 25 bytes when the job was planned and has 6 now");
      }
    }
    expect(temporary.openFiles()).toBe(0);
  });

  it("is reported instead of the record that it made malformed", async () => {
    const path = temporary.newPath();
    writeFileSync(path, '{"a":1}\n{"a":2}\n');
    const [split] = planSplits(findInputs([path]), "jsonl", 100);
    if (split === undefined) throw new Error("there is a split");
    const reader = await openText(split, { input: "jsonl" });
    writeFileSync(path, "no json at all\n");
    await expect(readAll(Promise.resolve(reader))).rejects.toThrow(/changed while the job ran/);
  });

  it("is an error when it is compressed and has grown: part of it cannot be read", async () => {
    const path = temporary.newPath();
    writeFileSync(path, gzipSync("one\n"));
    const [split] = planSplits(findInputs([path]), "lines", 100);
    if (split === undefined) throw new Error("there is a split");
    appendFileSync(path, gzipSync("two\n"));
    await expect(readAll(openText(split, { input: "lines" }))).rejects.toThrow(
      /changed while the job ran: .* and a part of a compressed file cannot be read; run the job again/,
    );
  });

  it("is an error with an app's own reader, even if that hides the error of its stream", async () => {
    const path = temporary.newPath();
    writeFileSync(path, "x".repeat(300_000));
    const [split] = planSplits(findInputs([path]), "own", 100);
    if (split === undefined) throw new Error("there is a split");
    const reader = await openText(split, {
      input: "own",
      async *readRecords(stream) {
        try {
          for await (const bytes of stream) yield bytes;
        } catch {
          yield "nothing has happened";
        }
      },
    });
    expect(await reader.next()).toBe(true);
    truncateSync(path, 10);
    await expect(readAll(Promise.resolve(reader))).rejects.toThrow(/it had 300000 bytes .* and has 10 now/);
    expect(temporary.openFiles()).toBe(0);
  });
});
