import { mkdir, open, readdir, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fillEnd, makeLanguage, Text, type Language } from "./text.js";

export interface CorpusOptions {
  readonly directory: string;
  /** Total size of all files, at least one byte per file. */
  readonly bytes: number;
  readonly files: number;
  readonly seed: number;
  /** Replaces an existing corpus in the directory; otherwise that throws a `CorpusExistsError`. */
  readonly overwrite?: boolean;
  /** Aborting it removes what was written and throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called now and then with the number of bytes written. */
  readonly progress?: (bytesWritten: number) => void;
}

export class CorpusExistsError extends Error {
  override readonly name = "CorpusExistsError";
}

const blockBytes = 2 ** 20;

/**
 * Writes `corpus-1.txt`, `corpus-2.txt`, … and returns their paths. The files appear all together at the end, so that
 * half a corpus never passes for a whole one.
 */
export async function writeCorpus(options: CorpusOptions): Promise<string[]> {
  const { directory, files } = options;
  const createdDirectory = await mkdir(directory, { recursive: true });
  const names = corpusNames(files);
  const temporary = names.map((name) => join(directory, `.${name}.${process.pid}.tmp`));
  try {
    const earlier = (await readdir(directory)).filter((name) => /^corpus-\d+\.txt$/.test(name));
    if (earlier[0] !== undefined && options.overwrite !== true) {
      throw new CorpusExistsError(`${directory} holds a corpus already (${earlier[0]})`);
    }
    await writeTexts(temporary, options);
    for (const name of earlier) await rm(join(directory, name));
    const paths = names.map((name) => join(directory, name));
    for (const [i, path] of paths.entries()) await rename(temporary[i] ?? "", path);
    return paths;
  } catch (error) {
    for (const path of temporary) await rm(path, { force: true });
    if (createdDirectory !== undefined) await removeEmpty(directory, createdDirectory);
    throw error;
  }
}

/** All numbers have the same width, so that sorting the files by name keeps the order of their numbers. */
function corpusNames(files: number): string[] {
  const width = String(files).length;
  return Array.from({ length: files }, (_, i) => `corpus-${String(i + 1).padStart(width, "0")}.txt`);
}

async function writeTexts(paths: readonly string[], { bytes, seed, signal, progress }: CorpusOptions): Promise<void> {
  const language = makeLanguage();
  let written = 0;
  for (const [i, path] of paths.entries()) {
    const end = Math.floor((bytes * (i + 1)) / paths.length);
    const file = await open(path, "wx");
    try {
      let writing: Promise<unknown> = Promise.resolve();
      for (const block of textBlocks(language, seed, i, end - written)) {
        await writing;
        signal?.throwIfAborted();
        progress?.(written);
        // The next block is made while this one is written.
        writing = file.appendFile(block);
        written += block.length;
      }
      await writing;
    } finally {
      await file.close();
    }
  }
  signal?.throwIfAborted();
  progress?.(written);
}

/** A text of exactly that many bytes. Two buffers alternate: a block is valid until the one after the next is made. */
function* textBlocks(language: Language, seed: number, number: number, bytes: number): Generator<Uint8Array> {
  const text = new Text(language, seed, number);
  const buffers = [new Uint8Array(blockBytes), new Uint8Array(blockBytes)];
  for (let left = bytes; left > 0;) {
    const buffer = buffers.reverse()[0]?.subarray(0, left) ?? new Uint8Array();
    const filled = text.fill(new DataView(buffer.buffer, 0, buffer.length));
    const isEnd = buffer.length === left;
    if (isEnd) fillEnd(buffer.subarray(filled));
    const block = isEnd ? buffer : buffer.subarray(0, filled);
    left -= block.length;
    yield block;
  }
}

/** Removes the empty directories from `directory` up to `top`, which this run created. */
async function removeEmpty(directory: string, top: string): Promise<void> {
  for (let path = directory; path.length >= top.length; path = dirname(path)) {
    await rmdir(path).catch(() => undefined);
  }
}
