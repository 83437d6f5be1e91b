import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundariesOf } from "../../../src/scheduler/job/boundaries.js";
import { hostileKey } from "../../shuffle/hostile-data.js";
import { compareCodePoints } from "../../shuffle/shuffle-run.js";

const sample = fc.record({ keys: fc.array(hostileKey, { maxLength: 60 }), pairs: fc.integer({ min: 1, max: 1000 }) });

/** The number of pairs in each partition, if all keys are like the sampled ones. */
function loads(
  samples: readonly { keys: readonly string[]; pairs: number }[],
  boundaries: readonly string[],
): number[] {
  const sums = Array.from({ length: boundaries.length + 1 }, () => 0);
  for (const { keys, pairs } of samples) {
    for (const key of keys) {
      const partition = boundaries.filter((boundary) => compareCodePoints(boundary, key) <= 0).length;
      sums[partition] = (sums[partition] ?? 0) + pairs / keys.length;
    }
  }
  return sums;
}

describe("boundaries", () => {
  it("are sampled keys in ascending order, fewer than there are partitions, and none is empty", () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 5 }), fc.integer({ min: 1, max: 20 }), (samples, reducers) => {
        const boundaries = boundariesOf(samples, reducers);
        expect(boundaries.length).toBeLessThan(reducers);
        expect(boundaries).toEqual([...new Set(boundaries)].sort(compareCodePoints));
        const keys = samples.flatMap((one) => one.keys);
        for (const boundary of boundaries) expect(keys).toContain(boundary);
        if (keys.length > 0) for (const load of loads(samples, boundaries)) expect(load).toBeGreaterThan(0);
      }),
    );
  });

  it("give no partition more than its share plus the pairs of one key", () => {
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 20 }),
        (samples, reducers) => {
          const perKey = new Map<string, number>();
          for (const { keys, pairs } of samples) {
            for (const key of keys) perKey.set(key, (perKey.get(key) ?? 0) + pairs / keys.length);
          }
          const total = [...perKey.values()].reduce((sum, pairs) => sum + pairs, 0);
          const most = Math.max(...loads(samples, boundariesOf(samples, reducers)));
          expect(most).toBeLessThanOrEqual(total / reducers + Math.max(0, ...perKey.values()) + 1e-6);
        },
      ),
    );
  });

  it("weigh a sample by the pairs that it represents", () => {
    const small = { keys: ["a", "b", "c", "d"], pairs: 4 };
    const large = { keys: ["w", "x", "y", "z"], pairs: 4000 };
    expect(boundariesOf([small, large], 2)).toEqual(["y"]);
    expect(boundariesOf([small, { ...large, pairs: 4 }], 2)).toEqual(["w"]);
  });

  it("leave a key with most of the pairs to one partition, and share the others among the rest", () => {
    const keys = [...Array.from({ length: 80 }, () => "m"), ...Array.from("nopqrstuvwxyzabcdefg")];
    expect(boundariesOf([{ keys, pairs: 100 }], 5)).toEqual(["n", "r", "u", "x"]);
  });

  it("are ordered by code points, even where half a character meets a whole one", () => {
    const [lone, whole] = ["\ud83d\uffff", "\ud83d\ude00"];
    expect(boundariesOf([{ keys: [whole, lone], pairs: 2 }], 2)).toEqual([whole]);
    expect(boundariesOf([{ keys: ["\uffff", whole], pairs: 2 }], 2)).toEqual([whole]);
  });

  it("give each key a partition of its own when there are enough", () => {
    expect(boundariesOf([{ keys: ["b", "a", "c", "a"], pairs: 4 }], 10)).toEqual(["b", "c"]);
    expect(boundariesOf([], 10)).toEqual([]);
  });
});
