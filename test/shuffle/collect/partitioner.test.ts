import fc from "fast-check";
import murmurhash from "murmurhash";
import { describe, expect, it } from "vitest";
import { createPartitioner, createWordsPartitioner } from "../../../src/shuffle/collect/partitioner.js";
import { groupedKey } from "../../../src/shuffle/grouped-key.js";
import { hostileKey } from "../hostile-data.js";
import { hashPartition } from "../key-oracle.js";
import { packed } from "../packed-key.js";
import { compareCodePoints } from "../shuffle-run.js";

function defaultPartition(key: string, reducers: number): number {
  const { words, keyBytes } = packed(key);
  return createWordsPartitioner(reducers)(words, 0, keyBytes);
}

describe("the default partition", () => {
  // Published vectors of MurmurHash3_x86_32, such as https://stackoverflow.com/a/31929528.
  it.each([
    ["", 0],
    ["abc", 0xb3dd93fa],
    ["test", 0xba6bd213],
    ["Hello, world!", 0xc0363e43],
    ["The quick brown fox jumps over the lazy dog", 0x2e4ff723],
  ])("of %j is its MurmurHash3_x86_32 %i modulo the reducers", (key, hash) => {
    expect(defaultPartition(key, 2 ** 32)).toBe(hash);
    expect(defaultPartition(key, 10)).toBe(hash % 10);
  });

  it.each([
    [[], 1, 0x514e28b7],
    [[], 0xffffffff, 0x81f16f39],
    [[0xff, 0xff, 0xff, 0xff], 0, 0x76293b50],
    [[0x21, 0x43, 0x65, 0x87], 0, 0xf55b516b],
    [[0x21, 0x43, 0x65, 0x87], 0x5082edee, 0x2362f9de],
    [[0x21, 0x43, 0x65], 0, 0x7e4a8634],
    [[0x21, 0x43], 0, 0xa0f7b07a],
    [[0x21], 0, 0x72661cf4],
    [[0, 0, 0, 0], 0, 0x2362f9de],
    [[0, 0, 0], 0, 0x85f0b427],
    [[0, 0], 0, 0x30f4c306],
    [[0], 0, 0x514e28b7],
  ])("uses a hash that maps bytes %j and seed %i to the known %i", (bytes, seed, hash) => {
    expect(murmurhash.v3(Uint8Array.from(bytes), seed)).toBe(hash);
  });

  it("is a reduce task for every key", () => {
    fc.assert(
      fc.property(hostileKey, fc.integer({ min: 1, max: 1000 }), (key, reducers) => {
        const partition = defaultPartition(key, reducers);
        expect(partition).toBe(hashPartition(key, reducers));
        expect(Number.isInteger(partition) && partition >= 0 && partition < reducers).toBe(true);
      }),
    );
  });

  it("tells keys with different lone surrogates apart", () => {
    expect(defaultPartition("\ud800", 2 ** 32)).not.toBe(defaultPartition("\ud801", 2 ** 32));
  });
});

describe("a partition that is a range of keys", () => {
  const partitionOf = (key: string, boundaries: readonly string[], isGrouped = false) => {
    const { words, keyBytes } = packed(key);
    return createWordsPartitioner(boundaries.length + 1, { boundaries, isGrouped })(words, 0, keyBytes);
  };
  const ascending = fc.uniqueArray(hostileKey, { maxLength: 20 }).map((keys) => keys.sort(compareCodePoints));

  it("is the number of boundaries that come at or before the key", () => {
    fc.assert(
      fc.property(ascending, hostileKey, (boundaries, key) => {
        const expected = (wanted: string) =>
          boundaries.filter((boundary) => compareCodePoints(boundary, wanted) <= 0).length;
        for (const wanted of [key, ...boundaries]) expect(partitionOf(wanted, boundaries)).toBe(expected(wanted));
      }),
    );
  });

  it("is the partition of the group for a grouped key", () => {
    const grouping = { groupKey: (key: string) => key.slice(0, 2), sortValues: undefined };
    fc.assert(
      fc.property(ascending, hostileKey, (boundaries, key) => {
        const expected = boundaries.filter((boundary) => compareCodePoints(boundary, key.slice(0, 2)) <= 0).length;
        expect(partitionOf(groupedKey(grouping, key, 1), boundaries, true)).toBe(expected);
      }),
    );
  });

  it("needs fewer boundaries than reducers", () => {
    expect(() => createWordsPartitioner(2, { boundaries: ["a", "b"] })).toThrow("2 boundaries of 2 partitions");
  });
});

describe("an app's own partition", () => {
  it("gets the key and the number of reducers", () => {
    const partitionOf = createPartitioner(7, (key, reducers) => key.length % reducers);
    expect(partitionOf("123456789")).toBe(2);
  });

  it("may return -0, which means 0", () => {
    expect(createPartitioner(5, () => -10 % 5)("key")).toBe(0);
  });

  it.each([-1, 3, 1.5, NaN, Infinity, "1", undefined, null, 1n, {}, Promise.resolve(1), Symbol("s")])(
    "is refused when it gives %s",
    (result) => {
      const partitionOf = createPartitioner(3, () => result as number);
      expect(() => partitionOf("key")).toThrow(RangeError);
      expect(() => partitionOf("key")).toThrow(/^partition: returned .+ for key "key"; .* from 0 to 2$/);
    },
  );

  it("is rejected with a message that shortens a long key", () => {
    const partitionOf = createPartitioner(3, () => -1);
    expect(() => partitionOf("long\n".repeat(10_000))).toThrow(/^[^\n]{1,250}$/);
  });
});
