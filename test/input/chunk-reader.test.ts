import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keptBytes, type ByteSource } from "../../src/input/byte-source.js";
import { ChunkReader } from "../../src/input/chunk-reader.js";
import { readAll, type Read } from "./read-all.js";

/** The same bytes through promises, a few at a time. */
function inPieces(source: ByteSource, pieceBytes: number): ByteSource {
  return {
    ...source,
    read: async (into, at) => source.read(into.subarray(0, Math.min(into.length, at + pieceBytes)), at),
  };
}

/** The expected result: lines with their endings, and too long lines as bad records. */
function linesOf(text: string, maxBytes: number): Read[] {
  let offset = 0;
  return (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line) => {
    const [start, bytes] = [offset, Buffer.byteLength(line)];
    offset += bytes;
    // A last line without end may be longer than its part in memory.
    const isTooLong = bytes > maxBytes || (bytes === maxBytes && !line.endsWith("\n"));
    const value = isTooLong ? `bad: a line of ${bytes} B, more than ${maxBytes} B` : line;
    return { value, offset: start, endOffset: offset };
  });
}

const text = fc
  .array(fc.oneof(fc.constantFrom("\n", "a", "\r\n", "bcdefgh"), fc.string({ maxLength: 20 })), { maxLength: 20 })
  .map((parts) => parts.join(""));

describe("chunks of lines", () => {
  it("contain all lines except those that are too long, which are bad records", async () => {
    const run = async (text: string, start: number, chunkBytes: number, maxBytes: number, pieceBytes: number) => {
      const bytes = Buffer.from(text);
      for (const isAsynchronous of [false, true]) {
        const source = keptBytes(bytes, start);
        const given = isAsynchronous ? inPieces(source, pieceBytes) : source;
        const read = await readAll(new ChunkReader(given, { chunkBytes, maxBytes }));
        for (const { value } of read.slice(0, -1)) expect(value).toMatch(/\n$|^bad/);
        const lines = read.flatMap(({ value, offset, endOffset }) => {
          if (String(value).startsWith("bad: a line")) return [{ value, offset, endOffset }];
          expect(endOffset - offset).toBeLessThanOrEqual(maxBytes);
          return linesOf(bytes.subarray(offset - start, endOffset - start).toString(), Infinity).map((line) => ({
            value: line.value,
            offset: line.offset + offset,
            endOffset: line.endOffset + offset,
          }));
        });
        const expected = linesOf(text, maxBytes).map((line) => ({
          value: line.value,
          offset: line.offset + start,
          endOffset: line.endOffset + start,
        }));
        expect(lines).toEqual(expected);
      }
    };
    const size = fc.integer({ min: 1, max: 30 });
    const property = fc.asyncProperty(text, fc.nat(1000), size, size, size, run);
    await fc.assert(property, { numRuns: 500 });
  });

  it("come again as far as they were not kept, with more after them", async () => {
    const reader = new ChunkReader(keptBytes(Buffer.from("a\nb\nc\nd\ne\n"), 0), { chunkBytes: 4 });
    expect(await reader.next()).toBe(true);
    expect([reader.value.toString(), reader.isLast]).toEqual(["a\nb\n", false]);
    reader.keep(2);
    expect(await reader.next(2)).toBe(true);
    expect([reader.value.toString(), reader.offset, reader.isLast]).toEqual(["b\nc\n", 2, false]);
    reader.keep(0);
    expect(await reader.next(4)).toBe(true);
    expect([reader.value.toString(), reader.offset]).toEqual(["b\nc\nd\ne\n", 2]);
    reader.keep(6);
    expect(await reader.next(2)).toBe(true);
    expect([reader.value.toString(), reader.isLast]).toEqual(["e\n", true]);
    expect(await reader.next()).toBe(false);
  });
});
