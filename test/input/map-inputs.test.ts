import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordKinds } from "../../src/app/input-kinds.js";
import type { InputFile } from "../../src/input/files.js";
import { groupBytesFor, planInputs } from "../../src/input/map-inputs.js";
import { lengthOf, planSplits } from "../../src/input/splits.js";
import { splitsPerTaskMax } from "../../src/rpc/record-position.js";

const KiB = 1024;

function filesOf(sizes: readonly number[]): InputFile[] {
  return sizes.map((sizeBytes, n) => {
    return { name: `${n}`, path: `/${n}`, sizeBytes, modifiedMs: 0, statusChangedMs: 0, inode: "1", edges: 0 };
  });
}

describe("the map tasks of a job", () => {
  it("read the splits in the order of the inputs, each split once, whatever is grouped", async () => {
    const kinds = fc.constantFrom(...recordKinds);
    const sizes = fc.array(fc.oneof(fc.nat(10), fc.nat(100 * KiB)), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(kinds, sizes, fc.nat(300 * KiB), async (kind, lengths, groupBytes) => {
        const inputs = filesOf(lengths);
        const { all, tasks } = await planInputs({ inputs, kind, splitBytes: 20 * KiB, groupBytes });
        expect(tasks.flat()).toEqual(all);
        expect(all).toEqual(planSplits(inputs, kind, 20 * KiB));
        for (const splits of tasks) {
          expect(splits.length).toBeGreaterThan(0);
          if (splits.length === 1) continue;
          expect(
            splits.every(({ startBytes, endBytes, planned }) => endBytes - startBytes === planned?.sizeBytes),
          ).toBe(true);
          expect(splits.reduce((sum, split) => sum + lengthOf(split), 0)).toBeLessThanOrEqual(groupBytes);
        }
      }),
    );
  });

  it("have a split each without grouping", async () => {
    const { tasks } = await planInputs({ inputs: filesOf([1, 2, 3]), kind: "lines", splitBytes: KiB, groupBytes: 0 });
    expect(tasks.map((splits) => splits.length)).toEqual([1, 1, 1]);
  });

  it("leave large files and parts of files alone, among small ones", async () => {
    const inputs = filesOf([KiB, KiB, 40 * KiB, KiB, KiB, 90 * KiB, KiB]);
    const { tasks } = await planInputs({ inputs, kind: "lines", splitBytes: 50 * KiB, groupBytes: 20 * KiB });
    expect(tasks.map((splits) => splits.map(({ file }) => file).join("+"))).toEqual([
      ...["0+1", "2", "3+4", "5", "5", "6"],
    ]);
  });

  it("have a limited number of files each, even of empty ones", async () => {
    const inputs = filesOf(Array.from({ length: 2500 }, () => 0));
    const { tasks } = await planInputs({ inputs, kind: "file", splitBytes: KiB, groupBytes: 2 ** 40 });
    expect(tasks.map((splits) => splits.length)).toEqual([splitsPerTaskMax, splitsPerTaskMax, 500]);
  });
});

describe("groupBytesFor", () => {
  it("groups nothing where each worker has few files", () => {
    expect(groupBytesFor(filesOf(Array.from({ length: 32 }, () => 100)), 2)).toBe(0);
  });

  it.each([33, 3000])("gives %i files about 4 tasks per worker", async (files) => {
    const inputs = filesOf(Array.from({ length: files }, (_, n) => n % 7));
    const plan = await planInputs({ inputs, kind: "file", splitBytes: KiB, groupBytes: groupBytesFor(inputs, 2) });
    expect(plan.tasks.length).toBeGreaterThan(6);
    expect(plan.tasks.length).toBeLessThanOrEqual(10);
  });
});
