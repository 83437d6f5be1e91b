/** `mr cat` over keys that contain the separator of keys and values. A single reduce task shows the correct order. */
import fc from "fast-check";
import { describe, expect } from "vitest";
import { test, type Place } from "./programs.js";

const pairsApp = `
export const input = "jsonl";
export function map(file, { key, value }, ctx) { ctx.emit(key, value); }
export function reduce(key, values) { return values[0]; }
`;

type Pair = readonly [key: string, value: string | number];

const piece = fc.constantFrom("a", "ab", "b", " ", "  ", "\t", "\n", "\r\n", '"', ",", "\\", "é", "\u{1f40b}", "", "!");
const awkward = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(""));

/** Always the same keys, each once: some are prefixes of others. */
function samplePairs(values: fc.Arbitrary<string | number>): Pair[] {
  const fixed = ["", "a", "a b", "a\tb", "a\nb", "a!"].map((key): Pair => [key, 1]);
  const drawn = fc.sample(fc.tuple(awkward, values), { seed: 11, numRuns: 300 });
  return [...new Map([...fixed, ...drawn].map((pair) => [pair[0], pair])).values()];
}

async function runJobs(place: Place, pairs: readonly Pair[], ...options: readonly string[]): Promise<void> {
  place.write("pairs.mjs", pairsApp);
  place.write("in.jsonl", pairs.map(([key, value]) => `${JSON.stringify({ key, value })}\n`).join(""));
  for (const [directory, reducers] of [
    ["one", "1"],
    ["many", "4"],
  ] as const) {
    await place.succeed("mr", [
      "run",
      "-q",
      "-w",
      "1",
      "-r",
      reducers,
      "-o",
      directory,
      ...options,
      "./pairs.mjs",
      "in.jsonl",
    ]);
  }
}

async function cat(place: Place, directory: string, ...options: readonly string[]): Promise<string> {
  return (await place.succeed("mr", ["cat", directory, ...options])).stdout;
}

describe.concurrent("mr cat", () => {
  for (const format of ["tsv", "jsonl", "csv"]) {
    test(`puts every key in its right place in ${format}, whatever is in it`, async ({ place }) => {
      await runJobs(place, samplePairs(awkward), "--output-format", format);
      expect(await cat(place, "many")).toBe(await cat(place, "one"));
      const first = ["--top", "40", "--by", "key"];
      expect(await cat(place, "many", ...first)).toBe(await cat(place, "one", ...first));
    });
  }

  test("puts keys with spaces in their right place in text, when values have none", async ({ place }) => {
    const pairs = samplePairs(fc.integer({ min: 1, max: 999 })).filter(([key]) => !key.includes("\n"));
    await runJobs(place, pairs);
    expect(await cat(place, "many")).toBe(place.read("one/mr-out-0"));
    expect(await cat(place, "many", "--top", "7")).toBe(await cat(place, "one", "--top", "7"));
  });

  test("puts keys in their right place in text beside values with spaces, when keys have none", async ({ place }) => {
    const pairs = samplePairs(awkward.filter((value) => !value.includes("\n"))).filter(([key]) => !/[ \n]/.test(key));
    await runJobs(place, pairs);
    expect(await cat(place, "many")).toBe(place.read("one/mr-out-0"));
  });

  test("puts keys in their right place in text when no key has a value", async ({ place }) => {
    const pairs = samplePairs(fc.constant("")).filter(([key]) => !key.includes("\n"));
    await runJobs(
      place,
      pairs.map(([key]): Pair => [key, ""]),
    );
    const lines = pairs.map(([key]) => Buffer.from(`${key}\n`));
    // The key's bytes, not the line's: one key may be another key and a tab.
    lines.sort((a, b) => Buffer.compare(a.subarray(0, -1), b.subarray(0, -1)));
    expect(await cat(place, "many")).toBe(Buffer.concat(lines).toString());
    expect(await cat(place, "one")).toBe(Buffer.concat(lines).toString());
  });

  test("takes a line of text without a space for a key without a value", async ({ place }) => {
    await runJobs(place, [
      ["c", ""],
      ["a b", 3],
      ["", ""],
      ["a", ""],
      ["b", 2],
      ["d e f", 1],
    ]);
    expect(await cat(place, "many")).toBe("\na\na b 3\nb 2\nc\nd e f 1\n");
    expect(await cat(place, "many", "--top", "2")).toBe("a b 3\nb 2\n");
  });

  for (const [what, pair] of [
    ["a key with a space has no value, and another key has one", ["a b", ""]],
    ["both keys and values have spaces", ["a b", "c d"]],
    ["a key has a line end", ["a\nb", 1]],
    ["a value has a line end", ["a", "b\nc"]],
  ] as const) {
    // Together with the first one, so that one file has both.
    const more = Array.from({ length: 9 }, (_, index): Pair => [`y${index}`, 1]);
    test(`refuses by name to order text when ${what}, and gives it as it is from one file`, async ({ place }) => {
      await runJobs(place, [pair, ["z", 1], ...more]);
      const refused = await place.run("mr", ["cat", "many"]);
      expect([refused.code, refused.stdout]).toEqual([2, ""]);
      expect(refused.stderr).toMatch(
        /^mr cat: cannot put the records in order: many\/mr-out-\d is in text format and has keys or values with spaces or line ends, [^\n]*; run the job with --output-format jsonl, tsv or csv, or with -r 1 [^\n]*\n$/,
      );
      const top = await place.run("mr", ["cat", "one", "--top", "1"]);
      expect([top.code, top.stdout]).toEqual([2, ""]);
      expect(await cat(place, "one")).toBe(place.read("one/mr-out-0"));
    });
  }
});
