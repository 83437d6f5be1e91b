import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unbzip2 } from "../../src/input/bzip2.js";
import { bzip2Of, withFalseMagic } from "../support/bzip2-file.js";

function read(file: Buffer, pieceBytes = 64 * 1024): { text: string; trailing: number[] } {
  const trailing: number[] = [];
  const open = function* (from: number) {
    for (let at = from; at < file.length; at += pieceBytes) yield file.subarray(at, at + pieceBytes);
  };
  const pieces = [...unbzip2({ open, onTrailing: (bytes) => trailing.push(bytes) })];
  return { text: Buffer.concat(pieces).toString("latin1"), trailing };
}

/** `printf 'a line\n' | bzip2`, version 1.0.8; and `bzip2 < /dev/null`. */
const byProgram = Buffer.from("QlpoOTFBWSZTWeH33BkAAAFRAAAQQAAiJSAAIgybQhgG0EKLuSKcKEhw++4MgA==", "base64");
const emptyByProgram = Buffer.from("425a683917724538509000000000", "hex");

/** Lines that compress badly. */
function textOf(lines: number, seed = 1): string {
  let state = seed;
  const next = () => (state = (state * 1103515245 + 12345) % 2 ** 31);
  return Array.from({ length: lines }, (_, n) => `${n} ${next().toString(36)} ${next().toString(36)}\n`).join("");
}

const [a, b] = [bzip2Of("a\n"), bzip2Of("b\n", 9)];
const long = textOf(15_000);
const several = bzip2Of(long, 1);

// The result of `bzip2 -dc` of bzip2 1.0.8 for the same bytes.
describe("a bzip2 file", () => {
  it.each<[string, Buffer[], string]>([
    ["was written by the program", [byProgram], "a line\n"],
    ["has one stream", [a], "a\n"],
    ["has two streams", [a, b], "a\nb\n"],
    ["has an empty stream between others", [a, emptyByProgram, b], "a\nb\n"],
    ["begins with empty streams", [emptyByProgram, emptyByProgram, a], "a\n"],
    ["has only an empty stream", [emptyByProgram], ""],
    ["has several blocks", [several], long],
    ["has several blocks in several streams", [several, a, several], `${long}a\n${long}`],
    ["repeats one byte", [bzip2Of("x".repeat(3_000_000), 1)], "x".repeat(3_000_000)],
    ["has the first bits of a block within a block", [withFalseMagic(bzip2Of(long, 9)), a], `${long}a\n`],
  ])("that %s is read to its end", (_, parts, text) => {
    const file = Buffer.concat(parts);
    for (const pieceBytes of [file.length, 65_536, 1000]) {
      const found = read(file, pieceBytes);
      expect(found.trailing).toEqual([]);
      expect(found.text === text).toBe(true);
    }
  });

  it.each<[string, Buffer]>([
    ["other bytes", Buffer.from("TRAILER")],
    ["a zero", Buffer.from([0])],
    ["a line end", Buffer.from("\n")],
    ["a header of another kind", Buffer.from("BZh0")],
    ["bytes, and then another stream", Buffer.concat([Buffer.from("x"), b])],
  ])("may be followed by %s, which are ignored and counted", (_, after) => {
    expect(read(Buffer.concat([a, after]))).toEqual({ text: "a\n", trailing: [after.length] });
  });

  it.each<[string, Buffer, string]>([
    ["followed by half a header", Buffer.concat([a, Buffer.from("BZ")]), "unexpected end of file"],
    ["followed by half a block", Buffer.concat([a, b.subarray(0, 20)]), "unexpected end of file"],
    ["followed by a header and other bytes", Buffer.concat([a, Buffer.from("BZh9 and so on")]), "block that begins"],
    ["only a header", Buffer.from("BZh9"), "unexpected end of file"],
    ["empty", Buffer.alloc(0), "unexpected end of file"],
    ["something else", Buffer.from("some text that is no bzip2 data"), "does not begin like"],
  ])("is damaged when it is %s", (_, file, message) => {
    expect(() => read(file)).toThrow(message);
  });

  it("that is cut off anywhere is damaged", () => {
    const file = Buffer.concat([several, a]);
    const run = (end: number) => {
      if (end !== several.length) expect(() => read(file.subarray(0, end))).toThrow(/unexpected end|wrong/);
    };
    fc.assert(fc.property(fc.integer({ min: 0, max: file.length - 1 }), run), { numRuns: 30 });
    for (let end = several.length - 20; end < file.length; end++) run(end);
  });

  it("in which a bit is wrong is damaged, or has the same contents", () => {
    const streams = Buffer.concat([bzip2Of(textOf(300)), bzip2Of("second\n")]);
    const { text } = read(streams);
    const run = (bit: number) => {
      const file = Buffer.from(streams);
      file[bit >> 3] = (file[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      let found: ReturnType<typeof read> | undefined;
      try {
        found = read(file);
      } catch (error) {
        expect((error as Error).message).toMatch(/unexpected end|wrong|does not begin like/);
        return;
      }
      // The header of the second stream no longer is one: the program ignores the stream, too.
      if (found.trailing.length > 0) expect(text.startsWith(found.text)).toBe(true);
      else expect(found.text).toBe(text);
    };
    fc.assert(fc.property(fc.integer({ min: 0, max: streams.length * 8 - 1 }), run), { numRuns: 300 });
  });

  it("whose stream has a wrong checksum is damaged, although those of its blocks are right", () => {
    const file = Buffer.from(several);
    // The last bits may be padding, but not these.
    file[file.length - 2] = (file[file.length - 2] ?? 0) ^ 1;
    expect(() => read(file)).toThrow(/checksum of the stream that ends at byte \d+ is wrong/);
  });
});
