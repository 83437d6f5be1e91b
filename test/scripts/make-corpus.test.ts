import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CorpusExistsError, writeCorpus } from "../../scripts/corpus/write-corpus.js";

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), "make-corpus-"))));
afterEach(() => rm(directory, { recursive: true }));

async function corpus(options: { bytes: number; files: number; seed: number }): Promise<Buffer[]> {
  const paths = await writeCorpus({ directory, overwrite: true, ...options });
  return Promise.all(paths.map((path) => readFile(path)));
}

function sha256(texts: readonly Buffer[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text);
  return hash.digest("hex");
}

describe("the text", () => {
  test("has the same bytes for the same seed, on every machine", async () => {
    const texts = await corpus({ bytes: 3_000_000, files: 2, seed: 1 });
    expect(sha256(texts)).toBe("c3c5dd93c4a28e07686892c37597d69a26e6b0c41aa5583146abce978ad988ec");
  });

  test("has different bytes for a different seed, and in each file", async () => {
    const [one, two] = await corpus({ bytes: 20_000, files: 2, seed: 1 });
    const [other] = await corpus({ bytes: 20_000, files: 2, seed: 2 });
    const [far] = await corpus({ bytes: 20_000, files: 2, seed: 2 ** 32 + 1 });
    expect(new Set([one, two, other, far].map((text) => text?.toString())).size).toBe(4);
  });

  test.each([
    [1, 1],
    [8, 8],
    [100, 7],
    [1_048_576, 1],
    [5_000_003, 3],
  ])("is %d bytes in %d files that are about equal and end with a newline", async (bytes, files) => {
    const texts = await corpus({ bytes, files, seed: 3 });
    const sizes = texts.map((text) => text.length);
    expect(sizes).toHaveLength(files);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(bytes);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    expect(texts.every((text) => text.at(-1) === 10)).toBe(true);
  });

  test("is UTF-8 in lines of about 70 characters, with paragraphs, capitals and some letters beyond ASCII", async () => {
    const [bytes] = await corpus({ bytes: 2_000_000, files: 1, seed: 4 });
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(100);
    expect(text.split("\n\n").length).toBeGreaterThan(1000);
    expect(text.match(/[.?!]\s+[A-Z]/g)?.length).toBeGreaterThan(10_000);
    const words = text.match(/\p{L}+/gu) ?? [];
    // eslint-disable-next-line no-control-regex
    const beyondAscii = words.filter((word) => !/^[\x00-\x7f]*$/.test(word)).length / words.length;
    expect(beyondAscii).toBeGreaterThan(0.002);
    expect(beyondAscii).toBeLessThan(0.02);
    expect(text.length / words.length).toBeGreaterThan(5);
    expect(text.length / words.length).toBeLessThan(7);
  });

  test("follows Zipf's law: frequency times rank is the same everywhere", async () => {
    const [bytes] = await corpus({ bytes: 8_000_000, files: 1, seed: 5 });
    const counts = new Map<string, number>();
    for (const [word] of bytes
      ?.toString()
      .toLowerCase()
      .matchAll(/\p{L}+/gu) ?? []) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const frequencies = [...counts.values()].sort((a, b) => b - a);
    const products = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000].map((rank) => rank * (frequencies[rank - 1] ?? 0));
    const middle = products[4] ?? 0;
    for (const product of products) expect(Math.abs(product / middle - 1)).toBeLessThan(0.2);
    expect(counts.size).toBeGreaterThan(150_000);
  });
});

describe("the files", () => {
  test("are numbered so that they sort in order", async () => {
    const paths = await writeCorpus({ directory, bytes: 1000, files: 10, seed: 1 });
    expect(basename(paths[1] ?? "")).toBe("corpus-02.txt");
    expect((await readdir(directory)).sort()).toEqual(paths.map((path) => basename(path)));
  });

  test("replace an earlier corpus only on demand, and then all of it and nothing else", async () => {
    await writeFile(join(directory, "other.txt"), "");
    await writeCorpus({ directory, bytes: 1000, files: 3, seed: 1 });
    await expect(writeCorpus({ directory, bytes: 1000, files: 2, seed: 1 })).rejects.toThrow(CorpusExistsError);
    await writeCorpus({ directory, bytes: 1000, files: 2, seed: 1, overwrite: true });
    expect((await readdir(directory)).sort()).toEqual(["corpus-1.txt", "corpus-2.txt", "other.txt"]);
  });

  test("do not exist at all when writing is interrupted, nor does the directory created for them", async () => {
    const stop = new AbortController();
    const writing = writeCorpus({
      directory: join(directory, "a/b"),
      bytes: 50_000_000,
      files: 2,
      seed: 1,
      signal: stop.signal,
      progress: (bytesWritten) => {
        if (bytesWritten > 30_000_000) stop.abort(new Error("enough"));
      },
    });
    await expect(writing).rejects.toThrow("enough");
    expect(await readdir(directory)).toEqual([]);
  });
});

describe("the command", () => {
  const command = ["--import", "tsx", fileURLToPath(new URL("../../scripts/make-corpus.ts", import.meta.url))];
  const run = (...args: string[]) => spawnSync(process.execPath, [...command, ...args], { encoding: "utf8" });

  test("writes a corpus", async () => {
    const out = join(directory, "out");
    expect(run("--bytes", "10kB", "--files", "2", "--seed", "7", "--out", out).status).toBe(0);
    expect(await readdir(out)).toEqual(["corpus-1.txt", "corpus-2.txt"]);
  });

  test.each([
    [[], "--out"],
    [["--out", "x", "--bytes", "64XB"], "64XB"],
    [["--out", "x", "--bytes", "7", "--files", "8"], "--bytes"],
    [["--out", "x", "--files", "0"], "--files"],
    [["--out", "x", "--seed", "-1"], "--seed"],
    [["--out", "x", "--seed", "1.5"], "--seed"],
    [["--out", "x", "--fast"], "--fast"],
  ])("answers %j with one line that names %s and exit code 2", (args, named) => {
    const { status, stderr, stdout } = run(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^error: .*\n$/);
    expect(stderr).toContain(named);
    expect(existsSync("x")).toBe(false);
  });

  test("says so when --out is a file", async () => {
    const out = join(directory, "file");
    await writeFile(out, "");
    const { status, stderr } = run("--bytes", "10kB", "--out", out);
    expect(status).toBe(2);
    expect(stderr).toContain(`--out ${out} is not a directory`);
  });

  test("leaves nothing behind on Ctrl-C", async () => {
    const out = join(directory, "out");
    const child = spawn(process.execPath, [...command, "--bytes", "4GiB", "--out", out], { stdio: "ignore" });
    const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
    await expect.poll(() => existsSync(out) && readdir(out), { timeout: 20_000 }).toHaveLength(1);
    child.kill("SIGINT");
    expect(await exited).toBe(130);
    expect(existsSync(out)).toBe(false);
  });
});
