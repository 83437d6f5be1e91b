import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InputKind } from "../../src/app/contract.js";
import { planSample, sourceOfPlace } from "../../src/input/sample.js";
import { planSplits } from "../../src/input/splits.js";
import type { Split } from "../../src/model/split.js";
import { onlyPart } from "./read-all.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();
const app = (input: InputKind) => ({ name: "app.js", input });

function inputsOf(sizes: readonly number[]) {
  return sizes.map((sizeBytes, index) => ({
    name: `f${index}`,
    path: `/f${index}`,
    sizeBytes,
    modifiedMs: 0,
    statusChangedMs: 0,
    inode: "1",
    edges: 0,
  }));
}

describe("the sampled places", () => {
  const sizes = fc.array(fc.oneof(fc.nat(100), fc.nat(10 ** 6), fc.nat(10 ** 10)), { maxLength: 30 });

  it("are a few short pieces, each inside a file, without duplicates, in at most eight tasks", () => {
    fc.assert(
      fc.property(sizes, (files) => {
        const tasks = planSample(planSplits(inputsOf(files), "lines", 2 ** 26), app("lines"), 2);
        const places = tasks.flat();
        expect(tasks.length).toBeLessThanOrEqual(8);
        expect(tasks.every((task) => task.length > 0)).toBe(true);
        expect(places.length).toBeLessThanOrEqual(128);
        expect(places.length > 0).toBe(files.some((size) => size > 0));
        for (const { path, startBytes, endBytes } of places) {
          expect(startBytes).toBeLessThan(endBytes);
          expect(endBytes - startBytes).toBeLessThanOrEqual(32 * 1024);
          expect(endBytes).toBeLessThanOrEqual(files[Number(path.slice(2))] ?? 0);
        }
        expect(new Set(places.map(({ path, startBytes }) => `${path} ${startBytes}`)).size).toBe(places.length);
      }),
    );
  });

  it("does not depend on where files are cut into splits", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(10 ** 6), { maxLength: 10 }),
        fc.integer({ min: 1000, max: 10 ** 6 }),
        (files, splitBytes) => {
          const [whole, cut] = [2 ** 40, splitBytes].map((bytes) => planSplits(inputsOf(files), "text", bytes));
          expect(planSample(cut ?? [], app("text"), 2)).toEqual(planSample(whole ?? [], app("text"), 2));
        },
      ),
    );
  });

  it("cover all parts of a long file, and the whole of a short one", () => {
    const [, ...gaps] = planSample(planSplits(inputsOf([10 ** 9]), "lines", 2 ** 26), app("lines"), 2)
      .flat()
      .map(({ startBytes }, index, places) => startBytes - (places[index - 1]?.startBytes ?? 0));
    for (const gap of gaps) expect(gap).toBeCloseTo(10 ** 9 / 128, -1);
    const [[all] = []] = planSample(planSplits(inputsOf([1000]), "lines", 100), app("lines"), 2);
    expect(all).toMatchObject({ startBytes: 0, endBytes: 1000 });
  });

  it("are whole files where files are not cut", () => {
    const places = planSample(planSplits(inputsOf([5, 10 ** 6, 0, 10 ** 6]), "file", 100), app("file"), 2).flat();
    expect(places.map(({ path, startBytes, endBytes }) => [path, startBytes, endBytes])).toEqual([
      ["/f1", 0, 10 ** 6],
      ["/f3", 0, 10 ** 6],
    ]);
  });

  it("are empty with one reducer, and refused when the app has its own partition", () => {
    const splits = planSplits(inputsOf([1000]), "lines", 100);
    expect(planSample(splits, app("lines"), 1)).toEqual([]);
    expect(() => planSample(splits, { ...app("lines"), ownPartition: true }, 1)).toThrow(
      "app.js exports partition, which --partitioner range would ignore",
    );
  });
});

async function linesOf(place: Split): Promise<string[]> {
  const reader = await onlyPart(sourceOfPlace(place, { input: "lines" })).openBytes();
  const lines: string[] = [];
  while (await reader.next()) lines.push(Buffer.from(reader.value).toString());
  await reader.close();
  return lines;
}

it("for a place in the middle of a file, only the lines that begin there are read", async () => {
  const path = temporary.newPath();
  writeFileSync(path, "one\ntwo\nthree\nfour\n");
  expect(await linesOf({ file: "f", path, startBytes: 2, endBytes: 10 })).toEqual(["two", "three"]);
});

it("for a compressed file, the beginning is read, whatever its length", async () => {
  const path = temporary.newPath();
  const lines = Array.from({ length: 300_000 }, (_, n) => String(n).padStart(9));
  const bytes = gzipSync(lines.join("\n"));
  writeFileSync(path, bytes);
  const place: Split = { file: "f", path, startBytes: 0, endBytes: bytes.length, compression: "gzip" };
  const read = await linesOf(place);
  expect(read.length).toBeGreaterThan(1000);
  expect(read.length).toBeLessThan(lines.length);
  expect(read).toEqual(lines.slice(0, read.length));
});
