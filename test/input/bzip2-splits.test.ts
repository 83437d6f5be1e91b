import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecordKind } from "../../src/model/input-kinds.js";
import { findInputs } from "../../src/input/files.js";
import { lineNumber } from "../../src/input/line-number.js";
import { planInputs } from "../../src/input/map-inputs.js";
import { PlaceReader } from "../../src/input/place-reader.js";
import type { Split } from "../../src/model/split.js";
import { bzip2Of, withFalseMagic } from "../support/bzip2-file.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { openBytes, openText, readAll, type Read } from "./read-all.js";

const temporary = useTemporaryDirectory();

async function splitsOf(file: Buffer, splitBytes: number, kind: RecordKind = "lines"): Promise<Split[]> {
  const path = temporary.newPath();
  writeFileSync(path, file);
  const inputs = findInputs([path]);
  return [...(await planInputs({ inputs, app: { name: "app", input: kind }, splitBytes, groupBytes: 0 })).all];
}

async function recordsOf(splits: readonly Split[], kind: RecordKind, how = openText): Promise<Read[]> {
  const found: Read[] = [];
  for (const split of splits) found.push(...(await readAll(how(split, { input: kind }))));
  return found;
}

/** Streams of random lines: each stream is a block or a few, and lines cross from one into the other. */
const streams = fc.array(
  fc.record({
    // With these, a line can be longer than several streams, and a stream can end with a line.
    pieces: fc.array(fc.constantFrom("a", "é", "\n", "\r\n", "\n\n", "some words ", "x".repeat(300)), {
      maxLength: 12,
    }),
    level: fc.integer({ min: 1, max: 9 }),
  }),
  { minLength: 1, maxLength: 30 },
);

function fileOf(parts: readonly { readonly pieces: readonly string[]; readonly level: number }[]) {
  const texts = parts.map(({ pieces }) => Buffer.from(pieces.join("")));
  // Some characters are divided between streams.
  const all = Buffer.concat(texts);
  const files: Buffer[] = [];
  let at = 0;
  for (const [index, { level }] of parts.entries()) {
    const end = index === parts.length - 1 ? all.length : Math.max(at, at + (texts[index]?.length ?? 0) - (index % 2));
    files.push(bzip2Of(all.subarray(at, end), level));
    at = end;
  }
  return { text: all, file: Buffer.concat(files) };
}

function linesOf(text: Buffer): string[] {
  const lines = text.toString().split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function zeroed(file: Buffer, at: number): Buffer {
  return Buffer.from(file).fill(0, at, at + 4);
}

describe("the splits of a bzip2 file", () => {
  it("together have the lines of the file, each once and with the same place, however it is cut", async () => {
    const run = async (parts: Parameters<typeof fileOf>[0], splitBytes: number) => {
      const { text, file } = fileOf(parts);
      const splits = await splitsOf(file, splitBytes);
      const whole = await recordsOf(await splitsOf(file, file.length), "lines");
      const found = await recordsOf(splits, "lines");
      expect(found.map(({ value }) => value)).toEqual(linesOf(text));
      expect(found).toEqual(whole);
      expect(await recordsOf(splits, "lines", openBytes)).toEqual(whole);
      expect((await recordsOf(splits, "text")).map(({ value }) => value).join("")).toBe(text.toString());
      // The place alone finds the bytes again.
      const places = new PlaceReader();
      let at = 0;
      for (const { offset, endOffset } of found) {
        const bytes = await places.read({ ...splits[0], file: "in", path: splits[0]?.path ?? "" }, offset, endOffset);
        expect(bytes).toEqual(text.subarray(at, (at += endOffset - offset)));
      }
      await places.close();
    };
    await fc.assert(fc.asyncProperty(streams, fc.integer({ min: 10, max: 500 }), run), { numRuns: 150 });
  });

  it("cut long streams between any of their blocks", async () => {
    const line = (n: number) => `${n} ${(n * 2654435761) % 2 ** 32} ${Math.imul(n, 40503) >>> 3}\n`;
    const text = Buffer.from(Array.from({ length: 25_000 }, (_, n) => line(n)).join(""));
    const file = Buffer.concat([bzip2Of(text.subarray(0, 333_333), 1), bzip2Of(text.subarray(333_333), 2)]);
    const whole = await recordsOf(await splitsOf(file, file.length), "lines");
    expect(whole.map(({ value }) => value)).toEqual(linesOf(text));
    for (const [splitBytes, count] of [
      [1, 6],
      [80_000, 4],
      [150_000, 2],
    ] as const) {
      const splits = await splitsOf(file, splitBytes);
      expect(splits.length).toBeGreaterThanOrEqual(count);
      expect(await recordsOf(splits, "lines")).toEqual(whole);
    }
    const [first, last] = [whole[0], whole.at(-1)];
    expect(await lineNumber({ ...(await splitsOf(file, 1)).at(-1) } as Split, last?.offset ?? 0)).toBe(25_000);
    expect(first?.offset).toBe(0);
  });

  it.each<[string, (file: Buffer) => Buffer]>([
    ["has the first bits of a block within a block", (file) => withFalseMagic(file)],
    ["is followed by other bytes and another stream", (file) => Buffer.concat([file, Buffer.from("x"), file])],
  ])("have the lines of the file when it %s", async (_, change) => {
    const text = Array.from({ length: 40_000 }, (_, n) => `${n} ${(n * 2654435761) % 2 ** 32}\n`).join("");
    const file = change(bzip2Of(text, 1));
    for (const splitBytes of [1, 20_000, 100_000]) {
      const found = await recordsOf(await splitsOf(file, splitBytes), "lines");
      expect(found.map(({ value }) => value).join("\n")).toBe(text.trimEnd());
    }
  });

  it.each<[string, (file: Buffer) => Buffer]>([
    ["is cut off", (file) => file.subarray(0, -30)],
    ["has a damaged block in its middle", (file) => zeroed(file, file.length >> 1)],
    ["has a damaged checksum at its end", (file) => zeroed(file, file.length - 8)],
    ["is followed by half a stream", (file) => Buffer.concat([file, file.subarray(0, 5000)])],
  ])("report that it %s", async (_, change) => {
    const text = Array.from({ length: 40_000 }, (_, n) => `${n} ${(n * 2654435761) % 2 ** 32}\n`).join("");
    const file = change(bzip2Of(text, 1));
    for (const splitBytes of [1, 20_000, file.length]) {
      const read = recordsOf(await splitsOf(file, splitBytes), "lines");
      await expect(read).rejects.toThrow(/cannot be decompressed: .*\(is it damaged, or cut off\? bzip2 -t tells\)/);
    }
  });

  it.each<[RecordKind, Buffer]>([
    ["csv", Buffer.from("a,b\n")],
    ["file", Buffer.from("a\n")],
    ["own", Buffer.from("a\n")],
    ["lines", Buffer.from("\ufeffa\n", "utf16le")],
  ])("are one when its records are %s, or it is UTF-16", async (kind, head) => {
    const streams = Array.from({ length: 20 }, () => bzip2Of("b\n"));
    const file = Buffer.concat([bzip2Of(head), ...streams]);
    const splits = await splitsOf(file, 50, kind);
    expect(splits).toMatchObject([{ startBytes: 0, endBytes: file.length }]);
    expect(splits[0]).not.toHaveProperty("blocks");
  });

  it("do not have the byte order mark of UTF-8", async () => {
    const parts = ["\ufeffone\ntwo\n", "three\nfour\n", "five\n"].map((text) => bzip2Of(text));
    for (const splitBytes of [1, 50, 1000]) {
      const found = await recordsOf(await splitsOf(Buffer.concat(parts), splitBytes), "lines");
      expect(found.map(({ value }) => value)).toEqual(["one", "two", "three", "four", "five"]);
      expect(found[0]?.offset).toBe(0);
    }
  });
});
