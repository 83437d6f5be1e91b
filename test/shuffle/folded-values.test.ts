import { describe, expect, it, vi } from "vitest";
import type { Combine } from "../../src/app/combine.js";
import type { JsonValue } from "../../src/app/contract.js";
import { plainFoldOf } from "../../src/app/plain-fold.js";
import * as aggregators from "../../src/index.js";
import { mergeGroups } from "../../src/shuffle/merge/merge.js";
import { storedContent } from "./merge/decoded-lines.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const directory = useTemporaryDirectory();

/** The array that `reduce` gets for each key. */
function arrays(content: string, combine?: Combine): [string, JsonValue[]][] {
  const groups = mergeGroups([storedContent(directory.newPath(), content)], { combine });
  return Array.from(groups, (group) => [group.key, group.toArray()]);
}

function sum(values: readonly JsonValue[]): number {
  return values.reduce<number>((total, value) => total + (value as number), 0);
}

describe("the values of a key with `combine`", () => {
  it("are left alone when they fit a batch", () => {
    const content = `["a",[1],[65536]]\n["b",[{"n":1},{"n":2}]]\n`;
    const combine = () => {
      throw new Error("there is no need");
    };
    expect(arrays(content, combine)).toEqual(arrays(content));
  });

  it("are folded in batches when they do not", () => {
    const calls: [string, number][] = [];
    const combine = (key: string, values: JsonValue[]) => {
      calls.push([key, values.length]);
      return sum(values);
    };
    const content = `["a",[1,2],[1000000,3]]\n["a",[3]]\n["b",[1]]\n`;
    const [a, b] = arrays(content, combine);
    expect(b).toEqual(["b", [1]]);
    expect(sum(a?.[1] ?? [])).toBe(1_000_009);
    expect(a?.[1].length).toBeLessThanOrEqual(65_536);
    expect(calls.length).toBe(15);
    expect(calls.every(([key, length]) => key === "a" && length === 65_536)).toBe(true);
  });

  it("are folded when they are long, except for a single value", () => {
    const lengths: number[] = [];
    const combine = (_: string, values: JsonValue[]) => {
      lengths.push(values.length);
      return JSON.stringify(values).length;
    };
    const long = "x".repeat(5 * 1024 * 1024);
    const content = `["a",["${long}"],[10]]\n["b",["${"x".repeat(20 * 1024 * 1024)}"]]\n`;
    expect(arrays(content, combine).map(([, values]) => values.length)).toEqual([2, 1]);
    expect(lengths).toEqual([3, 4, 4]);
  }, 20_000);

  it("are folded in ever longer batches when it joins them, so that the work does not grow faster than the data", () => {
    let calls = 0;
    const combine = (_: string, values: JsonValue[]) => {
      calls++;
      return values.flat();
    };
    const long = "x".repeat(2 ** 20);
    const [[, values] = ["", []]] = arrays(`["a",[["${long}"]],[64]]\n`, combine);
    expect(values.flat()).toEqual(Array.from({ length: 64 }, () => long));
    expect(calls).toBeLessThanOrEqual(3);
  }, 20_000);

  it("stay as they were emitted when a batch ends and it changes earlier values", () => {
    const combine = (_: string, values: JsonValue[]) => {
      let total = 0;
      for (const value of values as { n: number }[]) {
        total += value.n;
        value.n = -1;
      }
      return { n: total };
    };
    const [[, values] = ["", []]] = arrays(`["a",[{"n":0},{"n":1}],[65535,3]]\n`, combine);
    expect(values.reduce<number>((total, value) => total + (value as { n: number }).n, 0)).toBe(3);
  });

  it("may be changed by it", () => {
    const content = `["a",[{"n":1}],[200000]]\n`;
    const combine = (_: string, values: JsonValue[]) => {
      const [first, ...more] = values as { n: number }[];
      if (first === undefined) throw new Error("no value");
      for (const { n } of more) first.n += n;
      values.length = 0;
      return first;
    };
    const [[, values] = ["", []]] = arrays(content, combine);
    expect(values.reduce<number>((total, value) => total + (value as { n: number }).n, 0)).toBe(200_000);
  });

  it("are not passed to it when they are streamed", () => {
    const input = storedContent(directory.newPath(), `["a",[1],[100000]]\n`);
    const combine = () => {
      throw new Error("there is no need");
    };
    for (const group of mergeGroups([input], { combine })) expect(sum([...group.values()])).toBe(100_000);
  });

  it("cannot be folded into what JSON cannot hold", () => {
    expect(() => arrays(`["a",[1],[100000]]\n`, () => NaN)).toThrow(
      'combine: JSON cannot hold the value of key "a": value is NaN',
    );
  });

  it("become a number at once when it is the plain fold of an aggregator, without arrays", () => {
    const called = vi.fn();
    const known = (key: string, values: JsonValue[]) => {
      called();
      return aggregators.sum.combine(key, values as number[]);
    };
    Object.defineProperty(known, Symbol.for("mapreduce-ts.plainFold"), {
      value: plainFoldOf(aggregators.sum.combine as Combine),
    });
    const content = `["a",[1,2,-3],[1000000000,3,1]]\n["a",[7]]\n["b",[1,0.5,2],[1,2,1]]\n`;
    expect(arrays(content, known)).toEqual([
      ["a", [1_000_000_010]],
      ["b", [0.5, 0.5, 3]],
    ]);
    expect(called).not.toHaveBeenCalled();
  });

  it("are left to the aggregator when a number cannot hold their total", () => {
    const content = `["a",[9007199254740991,1],[2000000,5]]\n`;
    const [[, values] = ["", []]] = arrays(content, aggregators.sum.combine as Combine);
    expect(aggregators.sum("a", values as number[])).toBe(2_000_000n * 9007199254740991n + 5n);
    expect(values.length).toBeLessThan(65_537);
  });

  it("are counted by count, whatever they are, and its states with them", () => {
    const content = `["a",["x",null],[1000000000,2]]\n["a",[{"mr:count":5}],[3]]\n["b",[{"mr:count":5,"other":1},1],[1,1]]\n`;
    const [a, b] = arrays(content, aggregators.count.combine as Combine);
    expect(a).toEqual(["a", [{ "mr:count": 1_000_000_017 }]]);
    expect(() => aggregators.count.reduce("b", b?.[1] as never[])).toThrow("count takes no arrays and objects");
  });
});
