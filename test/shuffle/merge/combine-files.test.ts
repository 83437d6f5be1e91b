import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Combine } from "../../../src/app/combine.js";
import type { JsonValue, KeyValue } from "../../../src/app/contract.js";
import { createSlabCollector } from "../../../src/shuffle/collect/slab-collector.js";
import { combineFiles } from "../../../src/shuffle/merge/combine-files.js";
import { DamagedInputError } from "../../../src/shuffle/merge/damaged-input-error.js";
import type { StoredFile } from "../../../src/shuffle/stored-file.js";
import { StagedFile } from "../../../src/storage/staged-file.js";
import { useTemporaryDirectory } from "../../support/temporary-directory.js";
import { pairs } from "../hostile-data.js";
import { collect, expectedGroups, readAll, stored } from "../shuffle-run.js";

const directory = useTemporaryDirectory();
const mebibyte = 2 ** 20;

/** An input for each map task's pairs. */
function inputsOf(tasks: readonly (readonly KeyValue[])[]): StoredFile[] {
  return tasks.flatMap((emitted) => {
    const path = directory.newPath();
    const options = { reducers: 1, temporaryPath: () => path, spillPath: () => `${path}-run` };
    return collect(createSlabCollector, options, emitted).map(stored);
  });
}

/** What combining makes of the inputs: what it says, and the file as the next input. */
function combined(inputs: readonly StoredFile[], combine: Combine) {
  const keys: string[] = [];
  const counts: number[] = [];
  const file = StagedFile.create(directory.newPath());
  try {
    const result = combineFiles(inputs, file, {
      combine,
      onKey: (key) => void keys.push(key),
      onPairs: (count) => void counts.push(count),
    });
    return { result, keys, counts, input: stored(file.close()) };
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** Joins arrays, so that the result shows the order of all values. */
const join: Combine = (_, values) => values.flat(1) as JsonValue;

describe("combineFiles", () => {
  it("keeps all values in order, in whatever ranges the files of the map tasks are combined", () => {
    const tasks = fc.array(
      pairs.map((emitted) => emitted.map(({ key, value }) => ({ key, value: [value] }))),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(tasks, fc.array(fc.nat(7), { maxLength: 3 }), (emitted, cuts) => {
        const bounds = [0, ...cuts.map((cut) => cut % emitted.length).sort((a, b) => a - b), emitted.length];
        const ranges = bounds.slice(1).map((end, n) => emitted.slice(bounds[n], end));
        const inputs = ranges
          .filter((range) => range.flat().length > 0)
          .map((range) => {
            return combined(inputsOf(range), join).input;
          });
        const joined = readAll(inputs).map(({ key, values }) => ({ key, values: values.flat(1) }));
        const expected = expectedGroups(emitted.flat()).map(({ key, values }) => ({ key, values: values.flat(1) }));
        expect(JSON.stringify(joined)).toBe(JSON.stringify(expected));
      }),
      { numRuns: 200 },
    );
  });

  it("says what it has read and written, and at which key it is", () => {
    const tasks = ["a1 b1 b2", "b3 c1"].map((text) =>
      text.split(" ").map((word) => ({ key: word.charAt(0), value: [word.slice(1)] })),
    );
    const { result, keys, counts, input } = combined(inputsOf(tasks), join);
    expect(result).toEqual({ pairs: 5, keys: 3, values: 3 });
    expect(keys).toEqual(["a", "b", "c"]);
    expect(counts.at(-1)).toBe(5);
    expect(readAll([input])).toEqual([
      { key: "a", values: [["1"]] },
      { key: "b", values: [["1", "2", "3"]] },
      { key: "c", values: [["1"]] },
    ]);
  });

  it("does not combine a key's only value, however often it repeats, and keeps its count", () => {
    const ones = Array.from({ length: 1000 }, () => ({ key: "k", value: 1 }));
    const { result, input } = combined(inputsOf([ones, ones]), () => {
      throw new Error("combine was called");
    });
    expect(result).toEqual({ pairs: 2000, keys: 1, values: 1 });
    expect(input.bytes).toBeLessThan(30);
    expect(readAll([input])).toEqual([{ key: "k", values: Array.from({ length: 2000 }, () => 1) }]);
  });

  it("writes all values that combine yields", () => {
    const extremes: Combine = function* (_, values) {
      const numbers = values as number[];
      yield Math.min(...numbers);
      yield Math.max(...numbers);
    };
    const tasks = [3, 9, 4, 7].map((value) => [{ key: "k", value }]);
    const { result, input } = combined(inputsOf(tasks), extremes);
    expect(result).toMatchObject({ keys: 1, values: 2 });
    expect(readAll([input])).toEqual([{ key: "k", values: [3, 9] }]);
  });

  it("gives up when the values of a hot key hardly shrink, before it has read them all", () => {
    const tasks = Array.from({ length: 12 }, (_, n) => [{ key: "hot", value: String(n).padStart(6 * mebibyte) }]);
    const inputs = inputsOf(tasks);
    const both: Combine = (_, values) => (values as string[]).join("");
    const { result, counts } = combined(inputs, both);
    expect(result).toBeUndefined();
    expect(counts.at(-1)).toBeLessThan(8);
    expect(directory.openFiles()).toBe(0);
  });

  it("goes on when they shrink, however large they are", () => {
    const tasks = Array.from({ length: 12 }, (_, n) => [{ key: "hot", value: String(n).padStart(6 * mebibyte) }]);
    const greatest: Combine = (_, values) => (values as string[]).reduce((a, b) => (a > b ? a : b));
    const { result, input } = combined(inputsOf(tasks), greatest);
    expect(result).toEqual({ pairs: 12, keys: 1, values: 1 });
    expect(readAll([input])).toEqual([{ key: "hot", values: ["11".padStart(6 * mebibyte)] }]);
  });

  it("goes on when the first values of a hot key shrink little, and more of them shrink more", () => {
    // Each list has half of all the names, every other one a different half.
    const half = (first: number) => Array.from({ length: 200_000 }, (_, n) => `name ${(first + n) % 400_000}`);
    const tasks = Array.from({ length: 12 }, (_, n) => [{ key: "hot", value: half(n * 100_000) }]);
    const union: Combine = (_, values) => [...new Set(values.flat(1))] as JsonValue;
    const { result, input } = combined(inputsOf(tasks), union);
    expect(result).toEqual({ pairs: 12, keys: 1, values: 1 });
    expect(readAll([input])[0]?.values).toEqual([union("hot", [half(0), half(100_000), half(200_000)])]);
  });

  it("gives up when the files have few keys in common", () => {
    const tasks = Array.from({ length: 4 }, (_, task) =>
      Array.from({ length: 6000 }, (_, n) => ({ key: `${n} of ${task}`, value: "x".repeat(1000) })),
    );
    const { result, counts } = combined(inputsOf(tasks), (_, values) => values[0] ?? null);
    expect(result).toBeUndefined();
    expect(counts.at(-1)).toBeLessThan(20_000);
  });

  it("throws what combine throws, and for a damaged file a DamagedInputError", () => {
    const inputs = inputsOf([[{ key: "a", value: 1 }], [{ key: "a", value: 2 }]]);
    const refuse: Combine = () => {
      throw new RangeError("not these");
    };
    expect(() => combined(inputs, refuse)).toThrow(new RangeError("not these"));
    const short = inputs.map((input) => ({ ...input, checksum: input.checksum + 1 }));
    expect(() => combined(short, join)).toThrow(DamagedInputError);
    expect(directory.openFiles()).toBe(0);
  });
});
