import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../src/app/contract.js";
import { Accumulators } from "../../../src/shuffle/collect/accumulators.js";
import type { Collector, CollectorOptions } from "../../../src/shuffle/collect/collector.js";
import { createSlabCollector } from "../../../src/shuffle/collect/slab-collector.js";
import { readAll, stored } from "../shuffle-run.js";
import { useTemporaryDirectory } from "../../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

type Combine = NonNullable<CollectorOptions["combine"]>;
type Stats = [min: number, max: number, sum: number, count: number];

const stats = (_: string, values: JsonValue[]): JsonValue => {
  const all = values as Stats[];
  return [
    Math.min(...all.map(([min]) => min)),
    Math.max(...all.map(([, max]) => max)),
    all.reduce((total, [, , sum]) => total + sum, 0),
    all.reduce((total, [, , , count]) => total + count, 0),
  ];
};

function collectorWith(combine: Combine, memoryBytes?: number): Collector {
  const directory = temporary.newDirectory();
  return createSlabCollector({
    reducers: 1,
    combine,
    memoryBytes,
    temporaryPath: (partition) => join(directory, `part-${partition}`),
    spillPath: (run) => join(directory, `run-${run}`),
  });
}

/** The pairs that a collector with accumulators keeps of those emitted, in order. */
function keptPairs(combine: Combine, emitted: Iterable<[string, JsonValue]>): [string, JsonValue][] {
  const kept: [string, JsonValue][] = [];
  const state = { isDiverted: false };
  const accumulators = new Accumulators(combine, 256 * 2 ** 20, 1, {
    hasPartition: false,
    keep: (key, value) => kept.push([key, value]) > 0,
    divert: (isDiverted) => Object.assign(state, { isDiverted }),
    reserve: () => undefined,
    fold: (action) => action(),
    giveUp: (error) => {
      throw error;
    },
  });
  let count = 0;
  for (const [key, value] of emitted) {
    count += 1;
    if (state.isDiverted) accumulators.emit(key, value);
    else {
      kept.push([key, value]);
      accumulators.enter(key, value);
    }
  }
  accumulators.empty();
  expect([accumulators.pairs + kept.length, accumulators.bytes]).toEqual([count, 0]);
  return kept;
}

function groupsOf(collector: Collector): Map<string, JsonValue[]> {
  return new Map(readAll(collector.finish().map(stored)).map(({ key, values }) => [key, values]));
}

describe("live accumulators", () => {
  it("fold all values of a few keys, and pass on few pairs", () => {
    const emitted = Array.from({ length: 10_000 }, (_, n): [string, Stats] => [`k${n % 7}`, [n, n, n, 1]]);
    expect(keptPairs(stats, emitted)).toHaveLength(14);
    const collector = collectorWith(stats);
    for (const [key, value] of emitted) collector.emit(key, value);
    expect(collector.pairs).toBe(10_000);
    const groups = groupsOf(collector);
    expect(groups.size).toBe(7);
    expect(groups.get("k3")).toEqual([[3, 9999 - ((9999 - 3) % 7), (1429 / 2) * (3 + 9999 - ((9999 - 3) % 7)), 1429]]);
  });

  it("give the same result as folding in any groups, for any keys, with any memory", () => {
    const key = fc.oneof(fc.constantFrom("hot", "warm", "__proto__", ""), fc.string());
    const number = fc.integer({ min: -1000, max: 1000 });
    const memoryBytes = fc.constantFrom(undefined, 20_000, 200_000);
    const run = (emitted: [string, number][], memory: number | undefined, repeats: number) => {
      const collector = collectorWith(stats, memory);
      const expected = new Map<string, Stats>();
      for (let round = 0; round < repeats; round++) {
        for (const [name, n] of emitted) {
          collector.emit(name, [n, n, n, 1]);
          const [min, max, sum, count] = expected.get(name) ?? [Infinity, -Infinity, 0, 0];
          expected.set(name, [Math.min(min, n), Math.max(max, n), sum + n, count + 1]);
        }
      }
      const groups = groupsOf(collector);
      expect(new Set(groups.keys())).toEqual(new Set(expected.keys()));
      // A repeated value may keep its count instead.
      for (const [name, values] of groups) expect(stats(name, values)).toEqual(expected.get(name));
    };
    const pairs = fc.array(fc.tuple(key, number), { minLength: 1, maxLength: 40 });
    fc.assert(fc.property(pairs, memoryBytes, fc.integer({ min: 1, max: 60 }), run), { numRuns: 100 });
  });

  it("keep the values of a key in their order, whatever their kinds, and however they are emitted", () => {
    const joined = (_: string, values: JsonValue[]) => ({
      all: values.flatMap((value) => (isJoined(value) ? value.all : [value])),
    });
    const collector = collectorWith(joined);
    const key = Buffer.from("k");
    const expected: JsonValue[] = [];
    for (let n = 0; n < 2000; n++) {
      const value = n % 3 === 0 ? { n } : n % 3 === 1 ? n : `s${n}`;
      expected.push(value);
      if (n % 2 === 0) collector.emit("k", value);
      else collector.emitBytes(key, 0, 1, value);
    }
    const [values = []] = groupsOf(collector).values();
    expect(joined("k", values).all).toEqual(expected);
  });

  it("keep a value as it was when emitted, and as JSON would represent it", () => {
    const seen: JsonValue[] = [];
    const collector = collectorWith((_, values) => {
      seen.push(...structuredClone(values));
      return values.length;
    });
    const value = { list: [1], at: new Date(0), zero: -0, left: 1 };
    collector.emit("k", 0);
    for (let n = 0; n < 2; n++) {
      value.list[0] = n;
      collector.emit("k", value as unknown as JsonValue);
      collector.emit("k", value as unknown as JsonValue);
    }
    value.list[0] = 88;
    groupsOf(collector);
    const at = "1970-01-01T00:00:00.000Z";
    const first = seen.filter((each) => typeof each === "object");
    expect(first).toContainEqual({ list: [0], at, zero: 0, left: 1 });
    expect(first).toContainEqual({ list: [1], at, zero: 0, left: 1 });
    expect(JSON.stringify(first)).not.toContain("88");
  });

  it("are abandoned when keys hardly repeat, and accept later hot keys", () => {
    const pair = (key: string, n: number): [string, Stats] => [key, [n, n, n, 1]];
    const unique = Array.from({ length: 200_000 }, (_, n) => pair(`k${n}`, n));
    expect(new Map(keptPairs(stats, unique))).toEqual(new Map(unique));
    const hourly = Array.from({ length: 480_000 }, (_, n) => pair(`${Math.floor(n / 60_000)} ${n % 3000}`, n));
    const kept = keptPairs(stats, hourly);
    expect(kept.length).toBeLessThan(320_000);
    expect(new Set(kept.map(([key]) => key)).size).toBe(24_000);
  });

  it("do not repeatedly fold values that only get longer", () => {
    let folded = 0;
    const collector = collectorWith((_, values) => {
      folded += values.length;
      return values.flat() as JsonValue;
    });
    for (let n = 0; n < 50_000; n++) collector.emit("k", [n]);
    const [values = []] = groupsOf(collector).values();
    expect(values.flat()).toEqual(Array.from({ length: 50_000 }, (_, n) => n));
    expect(folded).toBeLessThan(200_000);
  });

  it("lose nothing silently when combine fails midway", () => {
    let calls = 0;
    const collector = collectorWith((key, values) => {
      calls += 1;
      if (calls === 3) throw new Error("app error");
      return stats(key, values);
    });
    const emitAll = () => {
      for (let n = 0; n < 1000; n++) collector.emit("k", [n, n, n, 1]);
    };
    expect(emitAll).toThrow("app error");
    expect(emitAll).toThrow(/^emit: pairs could not be combined/);
    expect(() => collector.finish()).toThrow(/^finish: /);
  });

  it("name the error of combine in later errors, in case the app has caught it", () => {
    const failure = new Error("app error");
    const collector = collectorWith(() => {
      throw failure;
    });
    const emitAll = () => {
      for (let n = 0; n < 100; n++) collector.emit("k", [n, n, n, 1]);
    };
    expect(emitAll).toThrow(failure);
    expect(emitAll).toThrow(expect.objectContaining({ cause: failure }));
    expect(() => collector.finish()).toThrow(expect.objectContaining({ cause: failure }));
  });
});

describe("live accumulators of many keys", () => {
  /** Values of a key in a row, as a number that depends on their order, and the factor of the values before them. */
  type Digits = [number: number, factor: number];
  const modulus = 99_991;
  const digit = (n: number): Digits => [n, 31];
  const appended = (a: Digits, b: Digits): Digits => [(a[0] * b[1] + b[0]) % modulus, (a[1] * b[1]) % modulus];
  const joinDigits = (_: string, values: JsonValue[]): JsonValue => (values as Digits[]).reduce(appended);
  const keys = 3000;

  it("fold the values of each key in their order, with any memory, partition and kinds of values", () => {
    interface Options {
      memoryBytes: number | undefined;
      hasPartition: boolean;
      /** At this pair, and never again or from then on, comes a value of another length. */
      otherAt: number;
      isLastOther: boolean;
      asBytes: boolean;
      seed: number;
    }
    const options: fc.Arbitrary<Options> = fc.record({
      memoryBytes: fc.constantFrom(2_000_000, 8_000_000, undefined),
      hasPartition: fc.boolean(),
      otherAt: fc.integer({ min: 0, max: 60_000 }),
      isLastOther: fc.boolean(),
      asBytes: fc.boolean(),
      seed: fc.integer({ min: 1, max: 1000 }),
    });
    const run = ({ memoryBytes, hasPartition, otherAt, isLastOther, asBytes, seed }: Options) => {
      const directory = temporary.newDirectory();
      const collector = createSlabCollector({
        reducers: 3,
        combine: joinDigits,
        partition: hasPartition ? (key) => key.length % 3 : undefined,
        memoryBytes,
        temporaryPath: (partition) => join(directory, `part-${partition}`),
        spillPath: (run) => join(directory, `run-${run}`),
      });
      const expected = new Map<string, Digits>();
      for (let n = 0; n < 40_000; n++) {
        const key = `key ${(n * seed + Math.floor(n / 7)) % keys}`;
        const isOther = isLastOther ? n === otherAt : n >= otherAt;
        const value = isOther ? [...digit(n), 0] : digit(n);
        const bytes = Buffer.from(key);
        if (asBytes && n % 2 === 0) collector.emitBytes(bytes, 0, bytes.length, value);
        else collector.emit(key, value);
        const before = expected.get(key);
        expected.set(key, before === undefined ? digit(n) : appended(before, digit(n)));
      }
      expect(collector.pairs).toBe(40_000);
      const groups = new Map(readAll(collector.finish().map(stored)).map(({ key, values }) => [key, values]));
      expect(new Set(groups.keys())).toEqual(new Set(expected.keys()));
      for (const [key, values] of groups) expect([key, joinDigits(key, values)]).toEqual([key, expected.get(key)]);
    };
    fc.assert(fc.property(options, run), { numRuns: 15 });
  });

  it("reject a key without a partition where it is emitted, and go on", () => {
    const directory = temporary.newDirectory();
    const collector = createSlabCollector({
      reducers: 1,
      combine: joinDigits,
      partition: (key) => (key.startsWith("bad") ? 7 : 0),
      temporaryPath: (partition) => join(directory, `part-${partition}`),
      spillPath: (run) => join(directory, `run-${run}`),
    });
    for (let n = 0; n < 20_000; n++) {
      if (n % 1000 === 999) expect(() => collector.emit(`bad ${n}`, digit(n))).toThrow(RangeError);
      else collector.emit(`key ${n % keys}`, digit(n));
    }
    expect(collector.pairs).toBe(19_980);
    expect(groupsOf(collector).size).toBe(2997);
  });

  it("reject a bad key or value where it is emitted, and go on", () => {
    const collector = collectorWith(joinDigits);
    for (let n = 0; n < 20_000; n++) {
      if (n % 1000 === 500) expect(() => collector.emit("bad", [n, NaN])).toThrow(/^emit: .*key "bad".*NaN/);
      if (n % 1000 === 501)
        expect(() => collector.emit(n as unknown as string, digit(n))).toThrow(/^emit: a key must be/);
      collector.emit(`key ${n % keys}`, digit(n));
    }
    expect(collector.pairs).toBe(20_000);
    expect(groupsOf(collector).size).toBe(keys);
  });
});

function isJoined(value: JsonValue): value is { all: JsonValue[] } {
  return typeof value === "object" && value !== null && "all" in value;
}
