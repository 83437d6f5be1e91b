import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { provide } from "../../bench/data/data-set.js";
import { keyParts } from "../../bench/data/distinct-keys.js";
import { rowParts as groupByParts } from "../../bench/data/group-by.js";
import { pairParts } from "../../bench/data/hot-key-pairs.js";
import { orderParts } from "../../bench/data/orders.js";
import { saleParts } from "../../bench/data/sales.js";
import { recordParts } from "../../bench/data/sort-records.js";
import { rowParts } from "../../bench/data/temperatures.js";
import { smallTexts } from "../../bench/data/texts.js";

function linesOf(parts: Iterable<Iterable<Uint8Array>>): string[] {
  return textsOf(parts).join("").split("\n").slice(0, -1);
}

function textsOf(parts: Iterable<Iterable<Uint8Array>>): string[] {
  // A block is valid only until the next one is requested, so it is copied.
  return Array.from(parts, (blocks) => Buffer.concat(Array.from(blocks, (block) => Buffer.from(block))).toString());
}

function sha256(lines: readonly string[]): string {
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

describe("sort records", () => {
  test("are 100 bytes: a key of 10 printable ones, a space, filler, a newline", () => {
    const lines = linesOf(recordParts(25_000, 1));
    expect(lines).toHaveLength(25_000);
    expect(lines.filter((line) => !/^[!-~]{10} \d{12}[A-Z]{76}$/.test(line))).toEqual([]);
    expect(new Set(lines.map((line) => line.slice(0, 10))).size).toBe(25_000);
  });

  test("are the same only for the same seed", () => {
    expect(linesOf(recordParts(100, 1))).toEqual(linesOf(recordParts(100, 1)));
    expect(linesOf(recordParts(100, 1))).not.toEqual(linesOf(recordParts(100, 2)));
  });
});

describe("distinct keys", () => {
  test("are distinct, unordered, and lines of 16 bytes", () => {
    const lines = linesOf(keyParts(200_000));
    expect(new Set(lines).size).toBe(200_000);
    expect(lines.every((line) => /^user-\d{10}$/.test(line))).toBe(true);
    expect(lines.toSorted()).not.toEqual(lines);
  });

  test("are the same each time, in eight parts of about equal length", () => {
    const texts = textsOf(keyParts(1003));
    expect(textsOf(keyParts(1003))).toEqual(texts);
    expect(texts.map((text) => text.length / 16)).toEqual([125, 125, 126, 125, 125, 126, 125, 126]);
  });
});

test("four of five pairs have the hot key, with numbers that differ", () => {
  const lines = linesOf(pairParts(50_000, 1));
  expect(lines.every((line) => /^(hot|cold-\d{6}) \d{6}$/.test(line))).toBe(true);
  const hot = lines.filter((line) => line.startsWith("hot "));
  expect(hot.length / lines.length).toBeCloseTo(0.8, 1);
  expect(new Set(hot).size).toBeGreaterThan(30_000);
  expect(sha256(lines)).toBe(sha256(linesOf(pairParts(50_000, 1))));
});

test("sales are one CSV file of eight columns without quotes, the same each time", () => {
  const texts = textsOf(saleParts(30_000, 1));
  expect(texts).toHaveLength(1);
  const [header, ...rows] = linesOf(saleParts(30_000, 1));
  expect(header?.split(",")).toHaveLength(8);
  expect(rows).toHaveLength(30_000);
  const row = /^\d{8},2025-\d\d-\d\d,[a-z-]+,[a-z]+,\d{1,2},\d{3,5},[A-Z][a-z]+ \d{1,3},(fragile)?$/;
  expect(rows.filter((line) => !row.test(line))).toEqual([]);
  expect(new Set(rows.map((line) => line.split(",").slice(2, 4).join("|"))).size).toBe(80);
});

test("orders are JSON Lines with the fields that are summed, the same each time", () => {
  const lines = linesOf(orderParts(20_000, 1));
  const orders = lines.map((line) => JSON.parse(line) as { country: string; product: string; cents: number });
  expect(orders).toHaveLength(20_000);
  expect(new Set(orders.map(({ country, product }) => `${country}|${product}`)).size).toBe(150);
  expect(orders.every(({ cents }) => Number.isInteger(cents) && cents >= 100)).toBe(true);
  expect(lines).toEqual(linesOf(orderParts(20_000, 1)));
});

test("the group-by table has a header and groups of the sizes that db-benchmark has, the same each time", () => {
  const [header, ...lines] = linesOf(groupByParts(50_000, 1));
  expect(header).toBe("id1,id2,id3,id4,id5,id6,v1,v2,v3");
  const row = /^id\d{3},id\d{3},id\d{10},\d{1,3},\d{1,3},\d{1,3},[1-5],\d{1,2},\d\d\.\d{6}$/;
  expect(lines.filter((line) => !row.test(line))).toEqual([]);
  const rows = lines.map((line) => line.split(","));
  const groupsOf = (column: number) => new Set(rows.map((fields) => fields[column])).size;
  expect([0, 1, 2, 3, 4, 5].map(groupsOf)).toEqual([100, 100, 500, 100, 100, 500]);
  expect([header, ...lines]).toEqual(linesOf(groupByParts(50_000, 1)));
});

test("temperatures are rows of 413 stations with one decimal, the same each time", () => {
  const rows = linesOf(rowParts(50_000, 1));
  expect(rows).toHaveLength(50_000);
  expect(rows.filter((row) => !/^Station-\d{3};-?\d{1,2}\.\d$/.test(row))).toEqual([]);
  expect(new Set(rows.map((row) => row.split(";")[0])).size).toBe(413);
  const degrees = rows.map((row) => Number(row.split(";")[1]));
  expect([Math.min(...degrees), Math.max(...degrees)]).toEqual([-99.9, 99.9]);
  expect(rows).toEqual(linesOf(rowParts(50_000, 1)));
});

test("small texts have 2 to 10 kB, differ, and end with a newline", () => {
  const texts = textsOf(smallTexts(20));
  const bytes = texts.map((text) => Buffer.byteLength(text));
  expect(Math.min(...bytes)).toBeGreaterThanOrEqual(2000);
  expect(Math.max(...bytes)).toBeLessThanOrEqual(10_000);
  expect(new Set(texts).size).toBe(20);
  expect(texts.every((text) => text.endsWith("\n"))).toBe(true);
});

describe("a data set", () => {
  let directory: string;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), "bench-data-"))));
  afterEach(() => rm(directory, { recursive: true }));
  const { signal } = new AbortController();

  test("is created once", async () => {
    let times = 0;
    const set = {
      name: "set",
      about: "a set",
      async make(into: string) {
        await writeFile(join(into, "file.txt"), String(++times));
      },
    };
    expect((await provide(set, directory, signal)).made).toBe(true);
    expect(await provide(set, directory, signal)).toEqual({ directory: join(directory, "set"), made: false });
    expect(times).toBe(1);
  });

  test("does not exist when creating it has failed", async () => {
    const set = { name: "set", about: "a set", make: () => Promise.reject(new Error("disk full")) };
    await expect(provide(set, directory, signal)).rejects.toThrow("disk full");
    expect(existsSync(join(directory, "set"))).toBe(false);
    expect(await readdir(directory)).toEqual([]);
  });
});
