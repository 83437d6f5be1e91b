import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue, KeyValue } from "../../src/app/contract.js";
import { createGroupingCollector } from "../../src/shuffle/collect/grouping-collector.js";
import type { CollectorOptions } from "../../src/shuffle/collect/collector.js";
import type { Grouping } from "../../src/shuffle/grouped-key.js";
import { mergeGroups } from "../../src/shuffle/merge/merge.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { hostileKey } from "./hostile-data.js";
import { hashPartition } from "./key-oracle.js";
import { collect, compareCodePoints, stored } from "./shuffle-run.js";

const directory = useTemporaryDirectory();

interface Read {
  readonly partition: number;
  readonly key: string;
  readonly values: JsonValue[];
}

/** Runs the pairs of some map tasks through the shuffle; reads at most `valuesMax` values of each group. */
function shuffled(
  tasks: readonly KeyValue[][],
  grouping: Grouping,
  { valuesMax = Infinity, ...more }: Partial<CollectorOptions> & { valuesMax?: number } = {},
): Read[] {
  const reducers = more.reducers ?? 1;
  const files = tasks.flatMap((emitted) => {
    const path = directory.newDirectory();
    const options = {
      reducers,
      temporaryPath: (partition: number) => join(path, `part-${partition}`),
      spillPath: (run: number) => join(path, `run-${run}`),
      ...more,
    };
    return collect((given) => createGroupingCollector(grouping, given), options, emitted);
  });
  return Array.from({ length: reducers }, (_, partition) => partition).flatMap((partition) => {
    const inputs = files.filter((file) => file.partition === partition).map(stored);
    return Array.from(mergeGroups(inputs, { isGrouped: true }), (group) => {
      if (valuesMax === Infinity) return { partition, key: group.key, values: group.toArray() };
      const values: JsonValue[] = [];
      for (const value of group.values()) {
        if (values.length === valuesMax) break;
        values.push(value);
      }
      return { partition, key: group.key, values };
    });
  });
}

const byFirst: Grouping = { groupKey: (key) => key.slice(0, 1), sortValues: undefined };
const tasks = fc.array(
  fc.array(fc.record({ key: hostileKey, value: fc.integer({ min: -9, max: 9 }) }), { maxLength: 60 }),
  { minLength: 1, maxLength: 4 },
);

/** The groups, computed in the simplest way: a stable sort, then a walk. */
function expected(
  pairs: readonly KeyValue[],
  order: (a: KeyValue, b: KeyValue) => number,
  groupOf: (key: string) => string,
) {
  const groups: { key: string; values: JsonValue[] }[] = [];
  for (const { key, value } of pairs.toSorted(order)) {
    const last = groups.at(-1);
    if (last?.key === groupOf(key)) last.values.push(value);
    else groups.push({ key: groupOf(key), values: [value] });
  }
  return groups;
}

describe("groups of keys", () => {
  it("have the values of their keys, in key order, each in one partition", () => {
    fc.assert(
      fc.property(
        tasks,
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(2 ** 12, 2 ** 20),
        (some, reducers, memoryBytes) => {
          const groups = shuffled(some, byFirst, { reducers, memoryBytes });
          const first = (key: string) => key.slice(0, 1);
          const order = (a: KeyValue, b: KeyValue) =>
            compareCodePoints(first(a.key), first(b.key)) || compareCodePoints(a.key, b.key);
          const all = expected(some.flat(), order, first);
          expect(
            groups.map(({ key, values }) => ({ key, values })).sort((a, b) => compareCodePoints(a.key, b.key)),
          ).toEqual(all);
          for (const { key, partition } of groups) expect(partition).toBe(hashPartition(key, reducers));
        },
      ),
      { numRuns: 200 },
    );
  });

  it("need not be read to the end", () => {
    fc.assert(
      fc.property(tasks, fc.nat(5), (some, valuesMax) => {
        const whole = shuffled(some, byFirst);
        const begun = shuffled(some, byFirst, { valuesMax });
        expect(begun).toEqual(whole.map((group) => ({ ...group, values: group.values.slice(0, valuesMax) })));
      }),
      { numRuns: 100 },
    );
  });

  it("are the argument of the app's partition, and what boundaries divide", () => {
    const emitted = ["a1", "b1", "a2", "c1", "b0"].map((key) => ({ key, value: key }));
    const asked: string[] = [];
    const partition = (group: string) => (asked.push(group), group === "a" ? 1 : 0);
    expect(shuffled([emitted], byFirst, { reducers: 2, partition })).toEqual([
      { partition: 0, key: "b", values: ["b0", "b1"] },
      { partition: 0, key: "c", values: ["c1"] },
      { partition: 1, key: "a", values: ["a1", "a2"] },
    ]);
    expect(new Set(asked)).toEqual(new Set(["a", "b", "c"]));
    const ranges = shuffled([emitted], byFirst, { reducers: 3, boundaries: ["b", "b0"] });
    expect(ranges.map((group) => [group.partition, group.key])).toEqual([
      [0, "a"],
      [1, "b"],
      [2, "c"],
    ]);
  });

  it("combine only values of the same key, and combine sees the emitted key", () => {
    const emitted = ["a1", "a2", "a1", "a2", "b1"].map((key, value) => ({ key, value }));
    const combined: [string, JsonValue[]][] = [];
    const combine = (key: string, values: JsonValue[]) => {
      combined.push([key, values]);
      return values.reduce<number>((sum, value) => sum + Number(value), 0);
    };
    const groups = shuffled([emitted], byFirst, { combine });
    expect(groups.map(({ key, values }) => [key, values])).toEqual([
      ["a", [2, 4]],
      ["b", [4]],
    ]);
    expect(combined).toEqual([
      ["a1", [0, 2]],
      ["a2", [1, 3]],
    ]);
  });
});

describe("sorted values", () => {
  it("come in order, from several tasks and through spills", () => {
    fc.assert(
      fc.property(tasks, fc.constantFrom(2 ** 12, 2 ** 20), (some, memoryBytes) => {
        const groups = shuffled(some, { groupKey: undefined, sortValues: true }, { memoryBytes });
        const order = (a: KeyValue, b: KeyValue) =>
          compareCodePoints(a.key, b.key) || Number(a.value) - Number(b.value);
        expect(groups.map(({ key, values }) => ({ key, values }))).toEqual(expected(some.flat(), order, (key) => key));
      }),
      { numRuns: 200 },
    );
  });

  it("may be emitted as bytes", () => {
    const path = directory.newDirectory();
    const collector = createGroupingCollector(
      { groupKey: undefined, sortValues: true },
      { reducers: 1, temporaryPath: () => join(path, "part"), spillPath: () => join(path, "run") },
    );
    const bytes = Buffer.from("kzkaé");
    collector.emitSlices(bytes, 0, 1, 1, 2);
    collector.emitBytes(bytes, 2, 3, 7);
    collector.emitSlices(bytes, 2, 3, 3, 6);
    expect(() => collector.emitBytes(bytes, 5, 9, 1)).toThrow(RangeError);
    const groups = mergeGroups(collector.finish().map(stored), { isGrouped: true });
    expect(Array.from(groups, (group) => [group.key, group.toArray()])).toEqual([["k", [7, "aé", "z"]]]);
  });
});
