import { truncateSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentSharingFor, type ContentSharing } from "../../src/input/content-splits.js";
import { findInputs } from "../../src/input/files.js";
import { linesOfRange } from "../../src/input/lines-of-range.js";
import { lineNumber } from "../../src/input/line-number.js";
import { planInputs } from "../../src/input/map-inputs.js";
import { PlaceReader } from "../../src/input/place-reader.js";
import { sourceOfSplits } from "../../src/input/records.js";
import { planSample } from "../../src/input/sample.js";
import { lengthOf } from "../../src/input/splits.js";
import type { RecordKind } from "../../src/model/input-kinds.js";
import type { Split } from "../../src/model/split.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { openBytes, openText, readAll, type Read } from "./read-all.js";

const temporary = useTemporaryDirectory();
const MiB = 2 ** 20;

function newFile(bytes: Buffer): string {
  const path = temporary.newPath();
  writeFileSync(path, bytes);
  return path;
}

async function recordsOf(splits: readonly Split[], kind: RecordKind = "lines", how = openText): Promise<Read[]> {
  const found: Read[][] = [];
  for (const split of splits) found.push(await readAll(how(split, { input: kind })));
  return found.flat();
}

async function tasksOf(
  paths: readonly string[],
  contentSharing: ContentSharing | undefined,
  { kind = "lines", samplePercent }: { kind?: RecordKind; samplePercent?: number } = {},
): Promise<Split[]> {
  const inputs = findInputs(paths);
  const app = { name: "app", input: kind };
  const { tasks } = await planInputs({
    ...{ inputs, app, splitBytes: MiB, groupBytes: 0, contentSharing },
    ...(samplePercent === undefined ? {} : { samplePercent }),
  });
  return tasks.flat();
}

/** Cuts the only split of a file at these places of its contents. */
async function cutAt(path: string, places: readonly number[]): Promise<Split[]> {
  const [whole] = await tasksOf([path], undefined);
  if (whole === undefined) return [];
  return [0, ...places].map((startBytes, n) => {
    const endBytes = places[n];
    return { ...whole, contents: { startBytes, ...(endBytes === undefined ? {} : { endBytes }) } };
  });
}

const texts = fc
  .array(fc.constantFrom("a", "é", "\n", "\r\n", "\n\n", "some words ", "x".repeat(300)), { maxLength: 40 })
  .map((parts) => parts.join(""));

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function startsOf(text: string): number[] {
  const bytes = Buffer.from(text);
  const starts = [0];
  for (let at = bytes.indexOf("\n"); at >= 0; at = bytes.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

describe("ranges of the contents of a gzip file", () => {
  it("divide its lines, wherever they begin and end, with the offsets of the whole file", async () => {
    const cases = fc.record({
      members: fc.array(texts, { minLength: 1, maxLength: 4 }),
      isMarked: fc.boolean(),
      // Behind the end of many files; or the start of a line, or close to it.
      places: fc.array(fc.oneof(fc.nat(3000), fc.record({ line: fc.nat(40), by: fc.integer({ min: -1, max: 1 }) })), {
        maxLength: 5,
      }),
    });
    const run = async ({ members, isMarked, places }: typeof cases extends fc.Arbitrary<infer T> ? T : never) => {
      const text = members.join("");
      const mark = isMarked ? "\ufeff" : "";
      const path = newFile(
        Buffer.concat(members.map((member, n) => gzipSync((n === 0 ? mark : "") + member, { level: 1 + (n % 9) }))),
      );
      const starts = startsOf(text);
      const cuts = places.map((place) => {
        return typeof place === "number" ? place : Math.max(0, (starts[place.line % starts.length] ?? 0) + place.by);
      });
      const ranges = await cutAt(
        path,
        cuts.sort((a, b) => a - b),
      );
      const whole = await recordsOf(await tasksOf([path], undefined));
      expect(whole.map(({ value }) => value)).toEqual(linesOf(text));
      for (const how of [openText, openBytes]) {
        const lists: Read[][] = [];
        for (const range of ranges) lists.push(await recordsOf([range], "lines", how));
        expect(lists.flat()).toEqual(whole);
        for (const [n, list] of lists.entries()) {
          const { startBytes = 0, endBytes = Infinity } = ranges[n]?.contents ?? {};
          for (const { offset } of list) {
            expect(offset).toBeGreaterThanOrEqual(startBytes);
            expect(offset).toBeLessThan(endBytes);
          }
        }
      }
      const chunks = await recordsOf(ranges, "text");
      expect(chunks.map(({ value }) => value).join("")).toBe(text);
    };
    await fc.assert(fc.asyncProperty(cases, run), { numRuns: 300 });
  });

  it("divide lines that arrive in any pieces, and read no piece behind their last line", async () => {
    const cases = fc.record({
      text: texts.map((text) => Buffer.from(text)),
      pieceBytes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      places: fc.array(fc.nat(600), { maxLength: 4 }),
    });
    const run = async ({ text, pieceBytes, places }: typeof cases extends fc.Arbitrary<infer T> ? T : never) => {
      let read = 0;
      const pieces = async function* () {
        for (let n = 0, at = 0; at < text.length; n += 1) {
          const piece = text.subarray(at, at + (pieceBytes[n % pieceBytes.length] ?? 1));
          at += piece.length;
          read = at;
          await Promise.resolve();
          yield piece;
        }
      };
      const cuts = [0, ...places.toSorted((a, b) => a - b), undefined];
      const found: Buffer[] = [];
      for (const [n, startBytes] of cuts.slice(0, -1).entries()) {
        const endBytes = cuts[n + 1];
        let start: number | undefined;
        const range = { startBytes: startBytes ?? 0, ...(endBytes === undefined ? {} : { endBytes }) };
        const lines: Uint8Array[] = [];
        for await (const piece of linesOfRange(pieces(), range, (place) => (start = place))) lines.push(piece);
        const bytes = Buffer.concat(lines);
        if (bytes.length > 0) expect(start).toBe(Buffer.concat(found).length);
        found.push(bytes);
        if (endBytes === undefined || endBytes === startBytes) continue;
        // The byte before the end, and up to the end of its line.
        const lineEnd = text.indexOf("\n", Math.max(0, endBytes - 1));
        const needed = lineEnd < 0 ? text.length : lineEnd + 1;
        expect(read).toBeLessThan(needed + 40);
      }
      expect(Buffer.concat(found).equals(text)).toBe(true);
    };
    await fc.assert(fc.asyncProperty(cases, run), { numRuns: 500 });
  });

  it("have the documents, pairs and blank lines of the whole file", async () => {
    const lines = Array.from({ length: 50 }, (_, n) => (n % 7 === 0 ? "" : JSON.stringify({ key: `k${n}`, value: n })));
    const path = newFile(gzipSync(lines.join("\n")));
    for (const kind of ["jsonl", "pairs"] as const) {
      const whole = await recordsOf(await cutAt(path, []), kind);
      expect(whole).toHaveLength(lines.filter((line) => line !== "").length);
      for (const places of [[1, 2, 3], [700], [100, 101, 900]]) {
        expect(await recordsOf(await cutAt(path, places), kind)).toEqual(whole);
      }
    }
  });

  it("have records whose bytes and line numbers can be found again", async () => {
    const lines = Array.from({ length: 3000 }, (_, n) => `line ${n}, ${"y".repeat(n % 40)}`);
    const path = newFile(gzipSync(`${lines.join("\n")}\n`));
    const ranges = await cutAt(path, [10_000, 40_000]);
    const places = new PlaceReader();
    let number = 0;
    for (const range of ranges) {
      const records = await recordsOf([range]);
      expect(records.length).toBeGreaterThan(300);
      for (const { value, offset, endOffset } of records) {
        number += 1;
        if (number % 500 !== 0) continue;
        expect(await lineNumber(range, offset)).toBe(number);
        expect((await places.read(range, offset, endOffset))?.toString()).toBe(`${String(value)}\n`);
      }
    }
    await places.close();
  });

  it("do not read what is behind their last line", async () => {
    const text = Array.from({ length: 300_000 }, (_, n) => `${n} ${(n * 2654435761) % 2 ** 32}\n`).join("");
    const file = gzipSync(text);
    const path = newFile(Buffer.concat([file.subarray(0, file.length >> 1), Buffer.alloc(file.length >> 1)]));
    const [first, last] = await cutAt(path, [1000]);
    expect(await recordsOf(first === undefined ? [] : [first])).toHaveLength(linesOf(text.slice(0, 1000)).length);
    const rest = recordsOf(last === undefined ? [] : [last]);
    await expect(rest).rejects.toThrow(/cannot be decompressed: .* gzip -t tells/);
  });

  it("warn once of bytes behind the file, and report damage before them", async () => {
    const file = gzipSync("one\ntwo\nthree\n");
    const trailing = newFile(Buffer.concat([file, Buffer.from("signature")]));
    const warnings: string[] = [];
    for (const range of await cutAt(trailing, [4, 8, 100, 200])) {
      const source = sourceOfSplits([range], { input: "lines" });
      for (const part of source.parts) await readAll(part.openBytes());
      warnings.push(...source.warnings);
    }
    expect(warnings).toEqual([expect.stringMatching(/ignored 9 bytes after the end of its gzip data$/)]);
    const damaged = newFile(Buffer.concat([file.subarray(0, -8), Buffer.alloc(8)]));
    await expect(recordsOf((await cutAt(damaged, [4, 8])).slice(-1))).rejects.toThrow("a checksum is wrong");
  });

  it("end with an error when the file has changed, even before their first line", async () => {
    const path = newFile(gzipSync("one\ntwo\nthree\n"));
    const ranges = await cutAt(path, [4, 100]);
    truncateSync(path, 10);
    for (const range of ranges) await expect(recordsOf([range])).rejects.toThrow("changed while the job ran");
  });
});

describe("the map tasks of a gzip file", () => {
  const line = (n: number) => `${n} ${(n * 2654435761) % 2 ** 32} ${Math.imul(n, 40503) >>> 3}\n`;
  const text = Buffer.from(Array.from({ length: 1_000_000 }, (_, n) => line(n)).join(""));
  const gzipped = gzipSync(text, { level: 1 });
  const path = () => newFile(gzipped);
  const two = { tasks: 2, partBytes: MiB };

  it("are as many as there are workers, together have its lines, and cover the stored bytes", async () => {
    for (const tasks of [2, 3, 5]) {
      const splits = await tasksOf([path()], { tasks, partBytes: MiB });
      expect(splits).toHaveLength(tasks);
      expect(splits[0]).toMatchObject({ startBytes: 0, contents: { startBytes: 0 } });
      expect(splits.at(-1)).toMatchObject({ endBytes: gzipped.length });
      expect(splits.reduce((sum, split) => sum + lengthOf(split), 0)).toBe(gzipped.length);
      let number = 0;
      for (const split of splits) {
        const reader = await openText(split, { input: "lines" });
        for (; await reader.next(); number += 1) if (`${String(reader.value)}\n` !== line(number)) break;
        await reader.close();
      }
      expect(number).toBe(1_000_000);
    }
  });

  it("know the length of the contents from the end of the file, unless it has several members", async () => {
    const lastStart = async (file: Buffer) => (await tasksOf([newFile(file)], two)).at(-1)?.contents?.startBytes;
    const exact = await lastStart(gzipped);
    expect(exact).toBe(Math.round(text.length / 1.9));
    const half = gzipSync(text.subarray(0, text.length >> 1), { level: 1 });
    const members = await lastStart(Buffer.concat([half, half, gzipSync("end\n")]));
    expect(Math.abs((members ?? 0) / (exact ?? 1) - 1)).toBeLessThan(0.25);
  });

  it("are one each when there are as many files as workers, whatever their order", async () => {
    const paths = Array.from({ length: 10 }, path);
    expect(await tasksOf(paths, two)).toEqual(await tasksOf(paths, undefined));
    expect(await tasksOf(paths.slice(0, 2), two)).toHaveLength(2);
  });

  it("are several for a file that is most of the input", async () => {
    const small = newFile(gzipSync(text.subarray(0, text.length / 10)));
    const files = (await tasksOf([small, path(), small], two)).map(({ file, contents }) => [file === small, contents]);
    expect(files).toMatchObject([
      [true, undefined],
      [false, { startBytes: 0 }],
      [false, { startBytes: Math.round(text.length / 1.9) }],
      [true, undefined],
    ]);
  });

  it("are at most eight, and no smaller than the split size", async () => {
    expect(await tasksOf([path()], { tasks: 100, partBytes: 1 })).toHaveLength(8);
    expect(await tasksOf([path()], contentSharingFor({ splitSize: 10 * MiB }))).toHaveLength(
      Math.ceil(text.length / (10 * MiB)),
    );
    expect(await tasksOf([path()], contentSharingFor({ workers: 4, splitSize: 64 * MiB }))).toHaveLength(1);
  });

  it("are one without workers to share it, and for less than 32 MiB", async () => {
    expect(contentSharingFor({})).toBeUndefined();
    expect(contentSharingFor({ workers: 1 })).toBeUndefined();
    expect(await tasksOf([path()], contentSharingFor({ workers: 2 }))).toHaveLength(text.length > 32 * MiB ? 2 : 1);
    expect(await tasksOf([newFile(gzipSync(text.subarray(0, 7 * MiB), { level: 1 }))], two)).toHaveLength(1);
  });

  it.each<[string, Buffer, RecordKind]>([
    ["its records are rows", gzipped, "csv"],
    ["the app takes the whole file", gzipped, "file"],
    ["the app has a reader of its own", gzipped, "own"],
    ["it is UTF-16", gzipSync(Buffer.from(`\ufeff${text.toString("latin1")}`, "utf16le"), { level: 1 }), "lines"],
    [
      "it has no line end for long",
      gzipSync(Buffer.from(text.toString("latin1").replaceAll("\n", " ")), { level: 1 }),
      "lines",
    ],
    ["it is damaged at its beginning", Buffer.concat([gzipped.subarray(0, 99), Buffer.alloc(MiB)]), "lines"],
  ])("are one when %s", async (_, file, kind) => {
    const splits = await tasksOf([newFile(file)], two, { kind });
    expect(splits).toHaveLength(1);
    expect(splits[0]).not.toHaveProperty("contents");
  });

  it("are planned for the files that are sampled, and no sample of keys depends on them", async () => {
    const paths = Array.from({ length: 10 }, path);
    const sampled = await tasksOf(paths, two, { samplePercent: 10 });
    expect(sampled.map(({ file }) => file)).toEqual([paths[0], paths[0]]);
    const inputs = findInputs([path()]);
    const app = { name: "app", input: "lines" } as const;
    const planOf = async (contentSharing: ContentSharing | undefined) => {
      return planSample(
        (await planInputs({ inputs, app, splitBytes: MiB, groupBytes: 0, contentSharing })).all,
        app,
        2,
      );
    };
    expect(await planOf(two)).toEqual(await planOf(undefined));
  });
});
