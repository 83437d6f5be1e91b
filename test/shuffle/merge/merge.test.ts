import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue, KeyValue } from "../../../src/app/contract.js";
import type { StoredFile } from "../../../src/shuffle/stored-file.js";
import { createSlabCollector } from "../../../src/shuffle/collect/slab-collector.js";
import { mergeGroups } from "../../../src/shuffle/merge/merge.js";
import { pairs } from "../hostile-data.js";
import { collect, expectedGroups, readAll, stored } from "../shuffle-run.js";
import { useTemporaryDirectory } from "../../support/temporary-directory.js";

const directory = useTemporaryDirectory();

/** An input for each map task's pairs. */
function inputsOf(...tasks: KeyValue[][]): StoredFile[] {
  return tasks.flatMap((emitted) => {
    const path = directory.newPath();
    return collect(
      createSlabCollector,
      { reducers: 1, temporaryPath: () => path, spillPath: () => `${path}-run` },
      emitted,
    ).map(stored);
  });
}

function pairsOf(text: string): KeyValue[] {
  return text.split(" ").map((word) => ({ key: word.charAt(0), value: word.slice(1) }));
}

/** The result of `readAll`, value by value. */
function streamAll(inputs: readonly StoredFile[]): { key: string; values: JsonValue[] }[] {
  return Array.from(mergeGroups(inputs), (group) => ({ key: group.key, values: [...group.values()] }));
}

describe("mergeGroups", () => {
  it("gives the values of a key in the order of the inputs, within one in the order of emission", () => {
    const inputs = inputsOf(pairsOf("b2 a9 b1"), pairsOf("c0"), pairsOf("b0 b2 a1"));
    expect(readAll(inputs)).toEqual([
      { key: "a", values: ["9", "1"] },
      { key: "b", values: ["2", "1", "0", "2"] },
      { key: "c", values: ["0"] },
    ]);
  });

  it("gives exactly the pairs of all inputs, in order, however many inputs there are", () => {
    const tasks = fc.array(pairs, { minLength: 1, maxLength: 11 });
    fc.assert(
      fc.property(tasks, (emitted) => {
        const inputs = inputsOf(...emitted);
        const expected = JSON.stringify(expectedGroups(emitted.flat()));
        expect(JSON.stringify(readAll(inputs))).toBe(expected);
        expect(JSON.stringify(streamAll(inputs))).toBe(expected);
      }),
      { numRuns: 100 },
    );
  });

  it("gives no group without inputs, or from an empty file", () => {
    expect(readAll([])).toEqual([]);
    const [input] = inputsOf(pairsOf("a1"));
    const path = `${input?.location ?? ""}-empty`;
    writeFileSync(path, "");
    expect(readAll([{ location: path, bytes: 0, checksum: 0 }])).toEqual([]);
  });

  it("streams a key with 100,000 values that take several lines", () => {
    const emitted = Array.from({ length: 100_000 }, (_, index) => ({ key: "k", value: `value ${index} é` }));
    const inputs = inputsOf(emitted, [{ key: "k", value: "last" }]);
    let index = 0;
    for (const group of mergeGroups(inputs)) {
      expect(group.key).toBe("k");
      for (const value of group.values()) {
        if (value !== emitted[index]?.value) expect([index, value]).toEqual([100_000, "last"]);
        index++;
      }
    }
    expect(index).toBe(100_001);
    expect(readAll(inputs)).toEqual(expectedGroups([...emitted, { key: "k", value: "last" }]));
  });

  it("reads lines that are longer than a block, and characters that lie across blocks", () => {
    const emitted = Array.from({ length: 9 }, (_, n) => ({ key: `k${n}`, value: "é€😀".repeat(n * n * n * 500 + n) }));
    expect(readAll(inputsOf(emitted))).toEqual(expectedGroups(emitted));
  });

  it("merges more inputs than it may have open at once", () => {
    const tasks = Array.from({ length: 600 }, (_, n) => [
      { key: "all", value: n },
      { key: `key ${n % 7}`, value: "x".repeat(n === 300 ? 200_000 : 10) },
    ]);
    const inputs = inputsOf(...tasks);
    const merge = mergeGroups(inputs);
    expect(merge.next().value?.key).toBe("all");
    expect(directory.openFiles()).toBe(0);
    expect(readAll(inputs)).toEqual(expectedGroups(tasks.flat()));
  });

  it("skips the values that were not read", () => {
    const many = Array.from({ length: 5000 }, (_, index) => ({ key: "b", value: index }));
    const merge = mergeGroups(inputsOf(pairsOf("a1 a2 a2"), [...many, ...pairsOf("c3")], many));
    const seen: unknown[] = [];
    for (const group of merge) {
      seen.push(group.key);
      for (const value of group.values()) {
        seen.push(value);
        if (group.key !== "a") break;
      }
    }
    expect(seen).toEqual(["a", "1", "2", "2", "b", 0, "c", "3"]);
    expect(merge.pairs).toBe(10_004);
    expect(directory.openFiles()).toBe(0);
  });

  it("counts pairs as it goes", () => {
    const merge = mergeGroups(inputsOf(pairsOf("a1 a1 b1"), pairsOf("a1 c1 c2")));
    const counts = Array.from(merge, (group) => [group.key, group.toArray().length, merge.pairs]);
    expect(counts).toEqual([
      ["a", 3, 3],
      ["b", 1, 4],
      ["c", 2, 6],
    ]);
  });

  it("returns each repeated object as a separate copy", () => {
    const inputs = inputsOf([1, 2, 3].map(() => ({ key: "k", value: { list: [1] } })));
    for (const read of ["values", "toArray"] as const) {
      for (const group of mergeGroups(inputs)) {
        for (const value of group[read]()) {
          expect(value).toEqual({ list: [1] });
          (value as { list: number[] }).list.push(2);
        }
      }
    }
  });

  it("allows reading the values of a group only once and only in their turn", () => {
    const merge = mergeGroups(inputsOf(pairsOf("a1 a2 b1")));
    const first = merge.next().value;
    const values = first?.values() ?? [];
    expect([...values]).toEqual(["1", "2"]);
    expect(() => [...values]).toThrow('the values of key "a" can be read only once');
    expect(() => first?.toArray()).toThrow(/only once/);
    const second = merge.next().value;
    expect(merge.next()).toEqual({ done: true, value: undefined });
    expect(() => second?.toArray()).toThrow('the values of key "b" can be read only before the next key');
  });

  it("does not give another key's values in the middle of a line", () => {
    const merge = mergeGroups(inputsOf(pairsOf("a1 a2 a3 b4 b5 b6")));
    const values = merge.next().value?.values()[Symbol.iterator]();
    expect(values?.next().value).toBe("1");
    merge.next().value?.toArray();
    expect(() => values?.next()).toThrow('the values of key "a" can be read only before the next key');
  });

  it("ends the values of a group where a loop exits", () => {
    const merge = mergeGroups(inputsOf(pairsOf("a1 a2 a3")));
    const values = merge.next().value?.values()[Symbol.iterator]();
    expect(values?.next().value).toBe("1");
    values?.return?.();
    expect(values?.next()).toEqual({ done: true, value: undefined });
  });

  it("opens no file before the first group, and closes all at the end and when left early", () => {
    const inputs = inputsOf(...Array.from({ length: 5 }, () => largeTask()));
    const merge = mergeGroups(inputs);
    expect(directory.openFiles()).toBe(0);
    for (const group of merge) {
      expect(group.key).toBe("0");
      expect(directory.openFiles()).toBe(5);
      break;
    }
    expect(directory.openFiles()).toBe(0);
    expect(merge.next().done).toBe(true);
    expect(() => {
      for (const group of mergeGroups(inputs)) throw new Error(`app error at ${group.key}`);
    }).toThrow("app error at 0");
    expect(directory.openFiles()).toBe(0);
    expect(readAll(inputs).length).toBe(3);
    expect(directory.openFiles()).toBe(0);
  });

  it("does not pass off a part of a group's values as all when left early", () => {
    const merge = mergeGroups(inputsOf(largeTask(), largeTask()));
    const group = merge.next().value;
    merge.return();
    expect(() => group?.toArray()).toThrow(/only before the next key/);
  });
});

/** Pairs whose file is longer than a block. */
function largeTask(): KeyValue[] {
  return ["0", "1", "2"].map((key) => ({ key, value: "x".repeat(60_000) }));
}
