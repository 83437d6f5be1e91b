import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestOf, judge, OutputCheck, type Output } from "../../bench/measure/outputs.js";

describe("a digest", () => {
  let cwd: string;
  beforeEach(async () => (cwd = await mkdtemp(join(tmpdir(), "bench-output-"))));
  afterEach(() => rm(cwd, { recursive: true }));

  async function digest(text: string, canonical = "cat out.txt"): Promise<string> {
    await writeFile(join(cwd, "out.txt"), text);
    return digestOf(canonical, { cwd, env: process.env, signal: new AbortController().signal });
  }

  test("is the same for reordered lines, and only for those", async () => {
    const first = await digest("a 1\nb 2\nü 3\n");
    expect(await digest("ü 3\na 1\nb 2\n")).toBe(first);
    expect(await digest("a 1\nb 2\n")).not.toBe(first);
    expect(await digest("a 1\na 1\nb 2\nü 3\n")).not.toBe(first);
  });

  test("normalizes the outputs to their common form", async () => {
    const first = await digest("a 1\n");
    expect(await digest("      1 a\n", "sed 's/ *\\([0-9]*\\) \\(.*\\)/\\2 \\1/' out.txt")).toBe(first);
  });

  test("is not computed when part of the command fails", async () => {
    await expect(digest("b\na\n", "LC_ALL=C sort -c out.txt && cat out.txt")).rejects.toThrow("disorder");
  });
});

test("each output must have the lines of the first, in any order", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "bench-output-"));
  try {
    const check = new OutputCheck("cat out.txt");
    const isSame = async (text: string): Promise<boolean> => {
      await writeFile(join(cwd, "out.txt"), text);
      return check.isSame({ cwd, env: process.env, signal: new AbortController().signal });
    };
    expect(check.digest).toBeUndefined();
    expect(await isSame("a 1\nb 2\n")).toBe(true);
    const first = check.digest;
    expect(await isSame("b 2\na 1\n")).toBe(true);
    expect(await isSame("a 1\nb 3\n")).toBe(false);
    expect(await isSame("a 1\nb 3\n")).toBe(false);
    expect(await isSame("a 1\nb 2\n")).toBe(true);
    expect(check.digest).toBe(first);
  } finally {
    await rm(cwd, { recursive: true });
  }
});

describe("the verdict", () => {
  const output = (name: string, peer: Output["peer"], digest: string, data = "d"): Output => {
    return { name, peer, digest, data };
  };

  function verdicts(...outputs: Output[]): Record<string, string> {
    return Object.fromEntries(judge(outputs));
  }

  test("is that all outputs are the same", () => {
    const all = verdicts(output("mr", "mr", "x"), output("DuckDB", "duckdb", "x"));
    expect(all).toEqual({ mr: "same", DuckDB: "same" });
  });

  test("follows most programs", () => {
    const all = verdicts(output("mr", "mr", "x"), output("skale", "skale", "y"), output("DuckDB", "duckdb", "x"));
    expect(all).toEqual({ mr: "same", skale: "differs", DuckDB: "same" });
  });

  test("is against mapreduce-ts when no other program agrees, in however many ways it was run", () => {
    const all = verdicts(output("1", "mr", "x"), output("2", "mr", "x"), output("DuckDB", "duckdb", "y"));
    expect(all).toEqual({ 1: "differs", 2: "differs", DuckDB: "same" });
  });

  test("compares only outputs for the same data, and cannot judge a single program", () => {
    const all = verdicts(output("small", "mr", "x", "s"), output("large", "mr", "y", "l"));
    expect(all).toEqual({ small: "unchecked", large: "unchecked" });
  });
});
