import { crc32, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gunzip } from "../../src/input/gzip.js";

interface MemberParts {
  readonly flags?: number;
  /** What follows the first ten bytes of the header. */
  readonly fields?: Buffer;
  readonly checksum?: number;
  readonly length?: number;
}

function member(contents: Buffer | string, parts: MemberParts = {}): Buffer {
  const bytes = Buffer.from(contents);
  const { flags = 0, fields = Buffer.alloc(0), checksum = crc32(bytes), length = bytes.length } = parts;
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(length, 4);
  return Buffer.concat([head(flags), fields, deflateRawSync(bytes), trailer]);
}

function head(flags: number): Buffer {
  return Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

async function read(file: Buffer, pieceBytes = 64 * 1024): Promise<{ text: string; trailing: number[] }> {
  const trailing: number[] = [];
  const open = function* (from: number) {
    for (let at = from; at < file.length; at += pieceBytes) yield file.subarray(at, at + pieceBytes);
  };
  const pieces: Uint8Array[] = [];
  for await (const piece of gunzip(open, (bytes) => trailing.push(bytes))) pieces.push(piece);
  return { text: Buffer.concat(pieces).toString("latin1"), trailing };
}

const [a, b] = [member("a\n"), member("b\n")];

// The result of `gzip -dc` of GNU gzip 1.12 for the same bytes; where it stops in the middle of a file, its exit code
// is 1.
describe("a gzip file", () => {
  it.each<[string, Buffer[], string]>([
    ["has one member", [a], "a\n"],
    ["has two members", [a, b], "a\nb\n"],
    ["has an empty member between others", [a, member(""), b], "a\nb\n"],
    ["has only an empty member", [member("")], ""],
    [
      "has an extra field",
      [member("a\n", { flags: 4, fields: Buffer.concat([uint16(2), Buffer.from("xy")]) }), b],
      "a\nb\n",
    ],
    ["has a name", [member("a\n", { flags: 8, fields: Buffer.from("name\0") }), b], "a\nb\n"],
    ["has a comment", [member("a\n", { flags: 16, fields: Buffer.from("hello\0") }), b], "a\nb\n"],
    ["has a header checksum", [member("a\n", { flags: 2, fields: uint16(crc32(head(2)) & 0xffff) }), b], "a\nb\n"],
    ["is padded with zero bytes", [a, Buffer.alloc(512)], "a\n"],
    ["is padded with one zero byte", [a, b, Buffer.alloc(1)], "a\nb\n"],
  ])("is read whole, without a warning, when it %s", async (_, parts, text) => {
    for (const pieceBytes of [1, 7, 64 * 1024]) {
      expect(await read(Buffer.concat(parts), pieceBytes)).toEqual({ text, trailing: [] });
    }
    // Trailing bytes trigger the second reading.
    const read2 = await read(Buffer.concat([...parts, ...(parts.at(-1)?.[0] === 0 ? [] : [Buffer.from("xyz")])]));
    expect(read2.text).toBe(text);
  });

  it.each<[string, Buffer[], string, number]>([
    ["text", [a, Buffer.from("TRAILER-OF-MAIL")], "a\n", 15],
    ["a line end", [a, Buffer.from("\n")], "a\n", 1],
    ["zero bytes and text", [a, Buffer.alloc(10), Buffer.from("TRAILER")], "a\n", 17],
    ["zero bytes and a member", [a, Buffer.alloc(10), b], "a\n", 10 + b.length],
    ["text and a member", [a, Buffer.from("xx"), b], "a\n", 2 + b.length],
    ["something else that begins with 1f", [a, b, Buffer.from([0x1f, 0x41, 0x42])], "a\nb\n", 3],
    ["the end of a zip file", [a, Buffer.from("PK\x03\x04zzzz")], "a\n", 8],
  ])("is read to its last member, with a warning, when that is followed by %s", async (_, parts, text, bytes) => {
    for (const pieceBytes of [1, 7, 64 * 1024]) {
      expect(await read(Buffer.concat(parts), pieceBytes)).toEqual({ text, trailing: [bytes] });
    }
  });

  it.each<[string, Buffer[], string]>([
    ["is empty", [], "unexpected end of file"],
    ["does not begin as one", [Buffer.alloc(2), a], "does not begin"],
    ["is cut off", [a.subarray(0, -5)], "unexpected end of file"],
    ["is cut off in its second member", [a, b.subarray(0, -5)], "unexpected end of file"],
    ["is cut off in the data of its second member", [a, b.subarray(0, 12)], "unexpected end of file"],
    ["is cut off in the header of its second member", [a, b.subarray(0, 3)], "unexpected end of file"],
    ["is cut off after one byte of its second member", [a, b.subarray(0, 1)], "unexpected end of file"],
    ["has a wrong checksum", [member("a\n", { checksum: 1 })], "a checksum is wrong"],
    ["has a wrong checksum in its second member", [a, member("b\n", { checksum: 1 })], "a checksum is wrong"],
    ["has a wrong length", [member("a\n", { length: 3 })], "a length is wrong"],
    ["has a wrong header checksum", [member("a\n", { flags: 2, fields: uint16(1) })], "a header checksum is wrong"],
    ["has unknown flags", [member("a\n", { flags: 0x20 })], "a header has unknown flags"],
    ["has a member of an unknown method", [a, Buffer.from([0x1f, 0x8b, 88]), b], "the unknown method 88"],
    ["has a damaged second member", [a, head(0), Buffer.alloc(40, 0xff)], "invalid"],
  ])("is refused when it %s", async (_, parts, why) => {
    for (const pieceBytes of [1, 64 * 1024]) {
      await expect(read(Buffer.concat(parts), pieceBytes)).rejects.toThrow(why);
    }
  });

  it("is read alike wherever it is cut into pieces, with and without trailing bytes", async () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 5000 }), { minLength: 1, maxLength: 4 });
    const trailing = fc.constantFrom("", "x", "trailing", "\0\0", "\0x");
    const run = async (members: Uint8Array[], behind: string, pieceBytes: number) => {
      const file = Buffer.concat([...members.map((bytes) => member(Buffer.from(bytes))), Buffer.from(behind)]);
      expect(await read(file, pieceBytes)).toEqual({
        text: Buffer.concat(members).toString("latin1"),
        trailing: /[^\0]/.test(behind) ? [behind.length] : [],
      });
    };
    await fc.assert(fc.asyncProperty(contents, trailing, fc.integer({ min: 1, max: 6000 }), run), { numRuns: 100 });
  });

  it("of several megabytes yields nothing twice when bytes follow it", async () => {
    const contents = Buffer.from(Array.from({ length: 400_000 }, (_, n) => `line ${n * 7919}`).join("\n"));
    const { text, trailing } = await read(Buffer.concat([member(contents), a, Buffer.from("rubbish")]));
    expect(text === `${contents.toString("latin1")}a\n`).toBe(true);
    expect(trailing).toEqual([7]);
  });
});
