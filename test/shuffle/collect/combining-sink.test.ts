import { describe, expect, it } from "vitest";
import type { Combine } from "../../../src/app/combine.js";
import type { JsonValue } from "../../../src/app/contract.js";
import { CombiningSink } from "../../../src/shuffle/collect/combining-sink.js";
import { count, max, min, sum } from "../../../src/index.js";
import type { SortedSink } from "../../../src/shuffle/collect/sorted-sink.js";
import { packed } from "../packed-key.js";

/** The values of a key that the next sink receives, with their counts. */
function combined(texts: Iterable<string>, combine: Combine) {
  const given: [value: unknown, count: number][] = [];
  const target: SortedSink = {
    beginKey: () => undefined,
    value: (bytes, start, end, count) => {
      given.push([JSON.parse(Buffer.from(bytes.subarray(start, end)).toString()), count]);
    },
    endKey: () => undefined,
  };
  const sink = new CombiningSink(target, combine);
  const { words, keyBytes } = packed("key");
  sink.beginKey(0, words, 0, keyBytes);
  for (const text of texts) {
    const bytes = Buffer.from(text);
    sink.value(bytes, 0, bytes.length, 1);
  }
  sink.endKey();
  return given;
}

const asyncIterator = (async function* () {
  yield await Promise.resolve(1);
})();

describe("combining on the map side", () => {
  it("folds values in batches, and the rest", () => {
    const lengths: number[] = [];
    const combine = (key: string, values: JsonValue[]) => {
      expect(key).toBe("key");
      lengths.push(values.length);
      return values.reduce<number>((sum, value) => sum + (value as number), 0);
    };
    const texts = Array.from({ length: 100_000 }, (_, n) => String(n % 2));
    expect(combined(texts, combine)).toEqual([[50_000, 1]]);
    expect(lengths).toEqual([65_536, 34_465]);
  });

  it("does not fold a result that only grows with each further value", () => {
    let calls = 0;
    const combine = (_: string, values: JsonValue[]) => {
      calls++;
      return values.flat();
    };
    const values = Array.from({ length: 64 }, (_, n) => String.fromCharCode(48 + n).repeat(2 ** 20));
    const given = combined(
      values.map((value) => JSON.stringify([value])),
      combine,
    );
    expect(given).toEqual([[values, 1]]);
    expect(calls).toBeLessThanOrEqual(4);
  }, 20_000);

  it("passes on each value that a generator yields, in batches too", () => {
    const distinct = function* (_: string, values: JsonValue[]) {
      yield* new Set(values);
    };
    expect(combined(["1", "2", "1", '"x"', "2"], distinct)).toEqual([
      [1, 1],
      [2, 1],
      ["x", 1],
    ]);
    const texts = Array.from({ length: 200_000 }, (_, n) => String(n % 1000));
    expect(combined(texts, distinct)).toEqual(Array.from({ length: 1000 }, (_, n) => [n, 1]));
  });

  it("folds ever longer batches when a generator yields its whole input", () => {
    let calls = 0;
    const all = function* (_: string, values: JsonValue[]) {
      calls++;
      yield* values;
    };
    const texts = Array.from({ length: 300_000 }, (_, n) => String(n));
    expect(combined(texts, all)).toHaveLength(300_000);
    expect(calls).toBeLessThanOrEqual(5);
  });

  it.each<[string, unknown, RegExp]>([
    ["a promise", Promise.resolve(1), /^combine: for key "key" it gave a promise: combine is called synchronously/],
    ["an asynchronous generator", asyncIterator, /it gave an asynchronous generator: .* a plain function\*/],
    ["a generator that yields nothing", [].values(), /it gave no value: yield at least one$/],
    ["an array in place of numbers", [1, 2], /it gave an array, but was given none: .* be a generator \(function\*\)/],
    ["an array that is yielded in place of numbers", [[1]].values(), /it gave an array, but was given none/],
    ["nothing", undefined, /^combine: JSON cannot hold the value of key "key": value is undefined/],
    ["a Map", new Map(), /^combine: JSON cannot hold the value of key "key": value is a Map/],
    ["a generator of NaN", [NaN].values(), /^combine: JSON cannot hold the value of key "key": value is NaN/],
  ])("rejects %s", (_, result, message) => {
    expect(() => combined(["1", "2"], () => result as JsonValue)).toThrow(message);
  });

  it("accepts an array where one of the values is an array", () => {
    const flat = (_: string, values: JsonValue[]) => values.flat();
    expect(combined(["[1]", "2"], flat)).toEqual([[[1, 2], 1]]);
    expect(() => combined(["1", "2"], flat)).toThrow(TypeError);
  });

  it("gives combine each number as it was emitted", () => {
    const numbers = [0, -1, 7, 123456789012345, -123456789012345, 1234567890123456, 2 ** 53 + 2, 1e21, -1.5, 5e-324];
    const seen: JsonValue[] = [];
    const combine = (_: string, values: JsonValue[]) => {
      seen.push(...values);
      return 0;
    };
    combined(numbers.map(String), combine);
    expect(seen).toEqual(numbers);
  });

  it("folds what an aggregator's plain fold takes, and leaves other values to the aggregator", () => {
    const texts = Array.from({ length: 100_000 }, (_, n) => String((n % 7) - 3));
    expect(combined(texts, min.combine as Combine)).toEqual([[-3, 1]]);
    expect(combined(["1", "2", "0.5", "0.75", "3"], sum.combine as Combine)).toEqual([[7.25, 1]]);
    expect(combined(["0.1", "0.2"], sum.combine as Combine)).toEqual([
      [{ "mr:sum": [0.30000000000000004, expect.any(Number)] }, 1],
    ]);
    expect(combined(['"b"', '"a"'], max.combine as Combine)).toEqual([["b", 1]]);
    expect(combined(["1", "null", '{"mr:count":3}'], count.combine as Combine)).toEqual([[{ "mr:count": 5 }, 1]]);
    expect(() => combined(["1", '"a"'], sum.combine as Combine)).toThrow('sum: for key "key" value is "a", a string');
  });
});
