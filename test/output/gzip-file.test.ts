import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { crc32, gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { GzipFile } from "../../src/output/gzip-file.js";
import { StagedFile } from "../../src/storage/staged-file.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const directory = useTemporaryDirectory();

function compressed(...pieces: (string | Uint8Array)[]) {
  const file = new GzipFile(StagedFile.create(directory.newPath()));
  for (const piece of pieces) file.append(piece);
  return file.finish();
}

describe("a gzip file", () => {
  it.each<[string, (string | Uint8Array)[]]>([
    ["nothing", []],
    ["some text", ["é\n", Buffer.from("b\n")]],
    ["exactly a block", [Buffer.alloc(512 * 1024, "x")]],
    [
      "many blocks, in pieces of all lengths",
      [randomBytes(700_000), "x".repeat(2_000_000), randomBytes(3), "é".repeat(9)],
    ],
  ])("with %s is one that gzip takes, and holds it", (_, pieces) => {
    const { path, bytes, checksum } = compressed(...pieces);
    const stored = readFileSync(path);
    const expected = Buffer.concat(pieces.map((piece) => Buffer.from(piece as string)));
    execFileSync("gzip", ["-t"], { input: stored });
    expect(gunzipSync(stored).equals(expected)).toBe(true);
    expect([stored.length, crc32(stored)]).toEqual([bytes, checksum]);
    // There is one member: the trailer has the whole length.
    expect(stored.readUInt32LE(stored.length - 4)).toBe(expected.length);
  });

  it("stays one member when it is suspended between its pieces", () => {
    const file = new GzipFile(StagedFile.create(directory.newPath()));
    for (const piece of ["a", "b".repeat(600_000), "", "c\n"]) {
      file.append(piece);
      file.suspend();
    }
    const { path, bytes, checksum } = file.finish();
    const stored = readFileSync(path);
    execFileSync("gzip", ["-t"], { input: stored });
    expect(String(gunzipSync(stored))).toBe(`a${"b".repeat(600_000)}c\n`);
    expect([stored.length, crc32(stored)]).toEqual([bytes, checksum]);
    expect(stored.readUInt32LE(stored.length - 4)).toBe(600_003);
  });

  it("is the same whenever it is written", () => {
    const [once, again] = [compressed("a b c\n"), compressed("a b c\n")].map(({ path }) => readFileSync(path));
    expect(once).toEqual(again);
    expect(once?.readUInt32LE(4)).toBe(0);
  });

  it("is removed when it is discarded", () => {
    const path = directory.newPath();
    const file = new GzipFile(StagedFile.create(path));
    file.append("x");
    file.discard();
    expect(existsSync(path)).toBe(false);
  });
});
