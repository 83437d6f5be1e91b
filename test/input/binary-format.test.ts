import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { binaryFormatOf, headBytes, notText } from "../../src/input/binary-format.js";
import { findInputs } from "../../src/input/files.js";
import { planSplits } from "../../src/input/splits.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { xzOf } from "../support/xz-file.js";
import { openBytes, openText, readAll } from "./read-all.js";

const temporary = useTemporaryDirectory();
const hex = (bytes: string) => Buffer.from(bytes.replaceAll(" ", ""), "hex");

/** A tar header with its checksum; `magic` is ustar's, or empty as in the tar of Unix V7. */
function tarHeader(magic: string): Buffer {
  const header = Buffer.alloc(512);
  header.write("w.txt", 0);
  header.write("0000644\0", 100);
  header.write("00000000022\0", 124);
  header.write("        ", 148);
  header.write("0", 156);
  header.write(magic, 257);
  const sum = header.reduce((a, b) => a + b, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

function zipHeader(entry: string): Buffer {
  const header = Buffer.alloc(30);
  header.write("PK\x03\x04", 0);
  header.writeUInt16LE(entry.length, 26);
  return Buffer.concat([header, Buffer.from(entry), Buffer.alloc(20)]);
}

// The first bytes written by the programs for the formats.
const heads: [string, Buffer, string][] = [
  ["a zip archive", zipHeader("w.txt"), "unzip -p in"],
  ["a zip archive", hex("504b0506000000000000000000000000000000000000"), "unzip -p in"],
  ["an Office document", zipHeader("[Content_Types].xml"), "in2csv in"],
  ["a Java archive", zipHeader("META-INF/"), "unzip -p in"],
  ["a 7z archive", hex("377abcaf271c0004"), "7z e -so in"],
  ["a RAR archive", hex("526172211a070100"), "unrar p -inul in"],
  ["LZ4-compressed", hex("04224d186440a7"), "lz4 -dc in"],
  ["LZ4-compressed", hex("02214c1812000000"), "lz4 -dc in"],
  ["LZMA-compressed", hex("5d00008000ffffffffffffffff003a1a08ce"), "xz -dc --format=lzma in"],
  ["LZMA-compressed", hex("5d000080001200000000000000003a1a08ce"), "xz -dc --format=lzma in"],
  ["lzop-compressed", hex("894c5a4f000d0a1a0a1040"), "lzop -dc in"],
  ["lzip-compressed", hex("4c5a4950010c"), "lzip -dc in"],
  ["compressed by compress", hex("1f9d9074d0a0"), "gzip -dc in"],
  ["Snappy-compressed", hex("ff060000734e61507059"), "snzip -dc in"],
  ["a Parquet file", hex("50415231150415101514"), "duckdb"],
  ["an Avro file", hex("4f626a0104146176726f"), "avro-tools tojson in"],
  ["an ORC file", hex("4f5243110000"), "orc-contents in"],
  ["an Arrow (Feather) file", hex("4152524f57310000ffffffff"), "pyarrow"],
  ["an SQLite database", Buffer.from("SQLite format 3\0\x10\0"), "sqlite3 -csv"],
  ["a PDF document", Buffer.concat([Buffer.from("%PDF-1.7\n%"), hex("b5b5b5b50a00")]), "pdftotext in -"],
  ["a tar archive", tarHeader("ustar\x0000"), "tar -xOf in"],
  ["a tar archive", tarHeader("ustar  \0"), "tar -xOf in"],
  ["a tar archive", tarHeader(""), "tar -xOf in"],
];

describe("a file that is not text", () => {
  it.each(heads)("is recognised as %s", (what, head, command) => {
    const found = binaryFormatOf(head.subarray(0, headBytes));
    expect(found?.what).toMatch(what);
    if (found !== undefined) expect(notText("in", found)).toContain(command);
  });

  it.each([
    "BZh is how bzip2 begins",
    "BZh9 and no more",
    "BZh91AY",
    "PK\nis a country",
    "Obj 1",
    "Object",
    "ORCs and elves",
    "PAR1 and PAR2",
    "FEA1",
    "%PDF-1.4 is the first line",
    "ARROW1",
    "SQLite format 3 is described here",
    "Rar! said the lion",
    "7z",
    "LZIP is a program",
    "ustar",
    `${"x".repeat(257)}ustar  ${"x".repeat(300)}`,
    `${"name".padEnd(148, " ")}010000\n ${"text ".repeat(100)}`,
    "]\n",
    "",
  ])("is not what reads as text: %j", (text) => {
    expect(binaryFormatOf(Buffer.from(text).subarray(0, headBytes))).toBeUndefined();
  });

  it("is refused when the job is planned, where lines or rows are expected", () => {
    const path = join(temporary.newDirectory(), "it's.zip");
    writeFileSync(path, zipHeader("w.txt"));
    for (const kind of ["text", "lines", "jsonl", "csv", "pairs"] as const) {
      expect(() => planSplits(findInputs([path]), kind, 100)).toThrow(
        /it's\.zip is a zip archive, which cannot be read as text; make it readable first: unzip -p '.*it'\\''s\.zip' \| mr run APP -/,
      );
    }
    expect(planSplits(findInputs([path]), "own", 100)).toHaveLength(1);
  });

  it("is refused where a whole file must be a string, and accepted by an app that reads bytes", async () => {
    const path = temporary.newPath();
    const bytes = zipHeader("w.txt");
    for (const stored of [bytes, gzipSync(bytes), xzOf(bytes)]) {
      writeFileSync(path, stored);
      const [split] = planSplits(findInputs([path]), "file", 100);
      if (split === undefined) throw new Error("there is a split");
      const read = async () => readAll(openText(split, { input: "file" }));
      await expect(read()).rejects.toThrow("a zip archive, which cannot be read as text");
      expect((await readAll(openBytes(split, { input: "file" }))).map(({ value }) => value)).toEqual([
        bytes.toString(),
      ]);
    }
    expect(temporary.openFiles()).toBe(0);
  });

  it("is refused inside a compressed file, too, and so is a file that was compressed twice", async () => {
    const path = temporary.newPath();
    const contents: [Buffer, RegExp][] = [
      [tarHeader("ustar\x0000"), /is compressed and contains a tar archive, .*: tar -xOf /],
      [zipHeader("w.txt"), /contains a zip archive.* decompress it to FILE, and unzip -p FILE/],
      [gzipSync("text"), /is compressed twice: it contains gzip data/],
      [xzOf("text"), /is compressed twice: it contains xz data/],
    ];
    const stored = contents.flatMap(([content, message]) => [
      [gzipSync(content), message] as const,
      [xzOf(content), message] as const,
    ]);
    for (const [bytes, message] of stored) {
      writeFileSync(path, bytes);
      for (const kind of ["text", "lines", "csv"] as const) {
        const [split] = planSplits(findInputs([path]), kind, 100);
        if (split === undefined) throw new Error("there is a split");
        await expect(readAll(openText(split, { input: kind }))).rejects.toThrow(message);
      }
    }
    expect(temporary.openFiles()).toBe(0);
  });
});
