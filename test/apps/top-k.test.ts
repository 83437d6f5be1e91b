import fc from "fast-check";
import { expect, test } from "vitest";
import * as topK from "../../apps/top-k.js";
import * as topWords from "../../apps/top-words.js";
import { testApp, type JsonValue } from "../../src/index.js";

type Pairs = readonly (readonly [key: string, value: JsonValue])[];

/** The output of a job, as another job reads it. */
function written(pairs: Pairs): string {
  return pairs.map(([key, value]) => `${JSON.stringify({ key, value })}\n`).join("");
}

async function found(files: readonly Pairs[], k: number, splitBytes?: number): Promise<Pairs> {
  const options = { args: { k: String(k) }, ...(splitBytes === undefined ? {} : { splitBytes }) };
  const { outputs } = await testApp(topK, files.map(written), options);
  return outputs.map(({ key, value }) => [key, value]);
}

/** Compares as UTF-8, without the app's own order of keys; lone surrogates do not occur in UTF-8. */
function best(pairs: readonly (readonly [string, number])[], k: number): Pairs {
  return pairs.toSorted(([a, n], [b, m]) => m - n || Buffer.compare(Buffer.from(a), Buffer.from(b))).slice(0, k);
}

test.each<[string, Pairs, number, Pairs]>([
  ["nothing in an empty file", [], 3, []],
  [
    "the greatest numbers, in their order",
    [
      ["a", 1],
      ["b", 3],
      ["c", 2],
    ],
    2,
    [
      ["b", 3],
      ["c", 2],
    ],
  ],
  [
    "all pairs when there are fewer",
    [
      ["a", 1],
      ["", 2],
    ],
    3,
    [
      ["", 2],
      ["a", 1],
    ],
  ],
  [
    "numbers below zero and with fractions",
    [
      ["a", -1],
      ["b", 0.5],
      ["c", 1e2],
    ],
    3,
    [
      ["c", 100],
      ["b", 0.5],
      ["a", -1],
    ],
  ],
])("top-k finds %s", async (_what, pairs, k, expected) => {
  expect(await found([pairs], k)).toEqual(expected);
});

test("top-k puts equal numbers in the order of the keys' code points", async () => {
  const keys = ["a", "aa", "b", "\ud800", "\uff41", "\u{1d4b3}", "\u{1d4b3}a"];
  const pairs = keys.map((key) => [key, 1] as const);
  expect(await found([pairs.toReversed()], keys.length)).toEqual(pairs);
});

test("top-k finds ten by default, across all files", async () => {
  const files = Array.from({ length: 12 }, (_, n) => written([[`key${n}`, n]]));
  const { outputs } = await testApp(topK, files);
  expect(outputs).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((n) => ({ key: `key${n}`, value: n })));
});

test("top-k counts values that are not numbers", async () => {
  const values = ["1", null, true, [1], { n: 1 }];
  const text = written([...values.map((value) => ["a", value] as const), ["b", 1]]);
  const { outputs, counters } = await testApp(topK, [text]);
  expect(outputs).toEqual([{ key: "b", value: 1 }]);
  expect(counters).toEqual({ "values that are no numbers": 5 });
});

test("top-k distinguishes integers beyond 2^53", async () => {
  const numbers = ["9007199254740993", "9007199254740992", "1e16", "9007199254740994", "-9007199254740993"];
  const text = numbers.map((number, n) => `{"key":"${n}","value":${number}}\n`).join("");
  const { outputs } = await testApp(topK, [text], { args: { k: "4" } });
  expect(outputs).toEqual([
    { key: "2", value: 1e16 },
    { key: "3", value: 9007199254740994n },
    { key: "0", value: 9007199254740993n },
    { key: "1", value: 9007199254740992n },
  ]);
});

test("top-k refuses an invalid k", async () => {
  await expect(found([[]], 0)).rejects.toThrow("--arg k=0: expected a whole number from 1");
});

test("top-k gives the same result as sorting everything, however the pairs are cut into splits", async () => {
  const key = fc.string({ unit: fc.constantFrom("a", "é", "\u{1d4b3}"), maxLength: 3 });
  const pairs = fc.array(fc.tuple(key, fc.integer({ min: 0, max: 9 })), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(pairs, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 200 }), async (all, k, bytes) => {
      expect(await found([all], k, bytes)).toEqual(best(all, k));
    }),
    { numRuns: 30 },
  );
});

test("top-words finds the most frequent words, with one reduce task at the end", async () => {
  const options = { args: { k: "2" }, reducers: 3 };
  const { partitions } = await testApp(topWords, ["the whale the sea", "whale, the ship"], options);
  expect(partitions).toEqual([
    [
      { key: "the", value: 3 },
      { key: "whale", value: 2 },
    ],
  ]);
});
