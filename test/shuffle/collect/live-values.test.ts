import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Combine } from "../../../src/app/combine.js";
import type { JsonValue } from "../../../src/app/contract.js";
import {
  aggregate,
  count,
  distinct,
  max,
  mean,
  min,
  mostFrequent,
  quantiles,
  stats,
  sum,
  topK,
} from "../../../src/index.js";
import type { CollectorOptions } from "../../../src/shuffle/collect/collector.js";
import { createSlabCollector } from "../../../src/shuffle/collect/slab-collector.js";
import { useTemporaryDirectory } from "../../support/temporary-directory.js";
import { readAll, stored } from "../shuffle-run.js";

const temporary = useTemporaryDirectory();

function optionsFor(combine: unknown, memoryBytes: number): CollectorOptions {
  const directory = temporary.newDirectory();
  return {
    reducers: 1,
    memoryBytes,
    combine: combine as Combine,
    temporaryPath: (partition) => `${directory}/out-${partition}`,
    spillPath: (run) => `${directory}/run-${run}`,
  };
}

interface Reducing {
  readonly combine: unknown;
  readonly reduce: (key: string, values: never[]) => unknown;
}

const parts = {
  n: count,
  total: sum,
  worst: max,
  users: distinct.approximate(),
  often: mostFrequent(2),
  spread: stats,
};
const numbers = (n: number) => ((n * 7919) % 100_003) / 8 - 5000;
const objects = (n: number) => {
  const value = numbers(n);
  return { n: 1, total: value, worst: value, users: n % 3000, often: n % 13, spread: n % 5 === 0 ? null : value };
};

describe("values that an aggregator folds where they are emitted", () => {
  it.each<[string, Reducing, (n: number) => JsonValue]>([
    ["sum", sum, numbers],
    ["mean", mean, numbers],
    ["stats", stats, numbers],
    ["topK", topK(5), numbers],
    ["topK of objects", topK(5, { by: "total" }), objects],
    ["distinct", distinct, numbers],
    ["approximate distinct", distinct.approximate(), numbers],
    ["quantiles", quantiles([0.1, 0.5, 0.9]), numbers],
    ["aggregate", aggregate(parts), objects],
  ])("have the same result with little memory and with much: %s", (_, { combine, reduce }, valueOf) => {
    const all = new Map<string, JsonValue[]>();
    const emitted = Array.from({ length: 30_000 }, (_unused, n) => {
      const pair = { key: `key-${(n * n) % 97}`, value: valueOf(n) };
      all.set(pair.key, [...(all.get(pair.key) ?? []), pair.value]);
      return pair;
    });
    for (const memoryBytes of [2 ** 19, 2 ** 26]) {
      const collector = createSlabCollector(optionsFor(combine, memoryBytes));
      for (const { key, value } of emitted) collector.emit(key, value);
      expect(collector.pairs).toBe(emitted.length);
      const groups = readAll(collector.finish().map(stored));
      expect(groups.map(({ key }) => key).sort()).toEqual([...all.keys()].sort());
      for (const { key, values } of groups) {
        expect(reduce(key, values as never[])).toEqual(reduce(key, all.get(key) as never[]));
      }
    }
  });

  it("are what JSON keeps of objects, such as dates and those with a toJSON", () => {
    class Row {
      readonly total: number;
      constructor(total: number) {
        this.total = total;
      }
      toJSON() {
        return { total: 2 * this.total };
      }
    }
    const resultOf = ({ combine, reduce }: Reducing, values: readonly unknown[]) => {
      const collector = createSlabCollector(optionsFor(combine, 2 ** 22));
      for (const value of values) collector.emit("k", value as JsonValue);
      return readAll(collector.finish().map(stored)).map((group) => reduce("k", group.values as never[]));
    };
    const dates = [5, 3, 9, 4].map((ms) => new Date(ms));
    expect(resultOf(min, dates)).toEqual([dates[1]?.toJSON()]);
    const spans = dates.map((date) => ({ first: date, last: date }));
    expect(resultOf(aggregate({ first: min, last: max }), spans)).toEqual([
      { first: dates[1]?.toJSON(), last: dates[2]?.toJSON() },
    ]);
    const rows = [1, 2, 3].map((total) => new Row(total));
    expect(resultOf(aggregate({ total: sum }), rows)).toEqual([{ total: 12 }]);
    const nested = aggregate({ row: aggregate({ total: sum }) });
    expect(
      resultOf(
        nested,
        rows.map((row) => ({ row })),
      ),
    ).toEqual([{ row: { total: 12 } }]);
  });

  it("do not include a value that emit rejected, and may be changed afterwards", () => {
    const { combine, reduce } = aggregate({ total: sum, worst: max });
    const property = fc.property(fc.array(fc.constantFrom("good", "bad"), { maxLength: 60 }), (kinds) => {
      const collector = createSlabCollector(optionsFor(combine, 2 ** 22));
      const reused = { total: 1, worst: 1 };
      for (let n = 0; n < 40; n++) collector.emit("k", reused);
      for (const kind of kinds) {
        const value = kind === "good" ? { total: 1, worst: 2 } : { total: 1, worst: true };
        const emit = () => collector.emit("k", value);
        if (kind === "good") emit();
        else expect(emit).toThrow('aggregate: for key "k" value.worst is true, but max takes numbers or strings');
      }
      reused.total = 1000;
      const [group] = readAll(collector.finish().map(stored));
      const good = kinds.filter((kind) => kind === "good").length;
      expect(reduce("k", group?.values as never[])).toEqual({ total: 40 + good, worst: good > 0 ? 2 : 1 });
    });
    fc.assert(property, { numRuns: 20 });
  });
});
