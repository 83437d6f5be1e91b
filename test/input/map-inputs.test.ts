import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inputKinds, recordKinds } from "../../src/model/input-kinds.js";
import type { InputFile } from "../../src/input/files.js";
import { groupBytesFor, planInputs } from "../../src/input/map-inputs.js";
import { planSample } from "../../src/input/sample.js";
import { lengthOf, planSplits } from "../../src/input/splits.js";
import { splitsPerTaskMax } from "../../src/model/record-position.js";

const KiB = 1024;

function filesOf(sizes: readonly number[]): InputFile[] {
  return sizes.map(fileOf);
}

function fileOf(sizeBytes: number, n = 0): InputFile {
  return { name: `${n}`, path: `/${n}`, sizeBytes, modifiedMs: 0, statusChangedMs: 0, inode: "1", edges: 0 };
}

/** An app with inputs of all kinds that an app can declare, called by their kinds. */
const several = {
  name: "app",
  inputs: Object.fromEntries(inputKinds.map((input) => [input, { input }])),
};

describe("the map tasks of an app that declares inputs", () => {
  it("are those of its inputs, planned apart from each other", async () => {
    const files = fc.array(fc.record({ input: fc.constantFrom(...inputKinds), size: fc.nat(60 * KiB) }));
    const percents = fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(files, fc.nat(100 * KiB), percents, async (given, groupBytes, samplePercent) => {
        const inputs = [...given, ...inputKinds.map((input) => ({ input, size: 1 }))].map(({ input, size }, n) => {
          return { ...fileOf(size), name: `${n}`, input };
        });
        const how = { splitBytes: 20 * KiB, groupBytes, samplePercent };
        const plan = await planInputs({ ...how, inputs, app: several });
        const alone = await Promise.all(
          inputKinds.map((kind) => {
            return planInputs({
              ...how,
              inputs: inputs.filter(({ input }) => input === kind),
              app: { ...several, inputs: { [kind]: { input: kind } } },
            });
          }),
        );
        expect(plan.tasks).toEqual(alone.flatMap(({ tasks }) => tasks));
        expect(plan.all).toEqual(alone.flatMap(({ all }) => all));
        for (const splits of plan.tasks) expect(new Set(splits.map(({ input }) => input)).size).toBe(1);
        for (const { file, input } of plan.all) expect(input).toBe(inputs[Number(file)]?.input);
      }),
    );
  });

  it("sample each place of the input as the kind that it has there", async () => {
    const text = { ...fileOf(5000 * KiB), input: "lines" };
    const app = { name: "app", inputs: { lines: { input: "lines" }, file: { input: "file" } } } as const;
    const inputs = [text, { ...text, input: "file" }];
    const { all } = await planInputs({ inputs, app, splitBytes: 1000 * KiB, groupBytes: 0 });
    const places = planSample(all, app, 2).flat();
    const wholes = places.filter(({ input }) => input === "file");
    expect(wholes.map(({ startBytes, endBytes }) => [startBytes, endBytes])).toEqual([[0, 5000 * KiB]]);
    expect(places.length).toBeGreaterThan(10);
    for (const place of places) if (place.input === "lines") expect(lengthOf(place)).toBe(32 * KiB);
  });
});

describe("the map tasks of a job", () => {
  it("read the splits in the order of the inputs, each split once, whatever is grouped", async () => {
    const kinds = fc.constantFrom(...recordKinds);
    const sizes = fc.array(fc.oneof(fc.nat(10), fc.nat(100 * KiB)), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(kinds, sizes, fc.nat(300 * KiB), async (kind, lengths, groupBytes) => {
        const inputs = filesOf(lengths);
        const { all, tasks } = await planInputs({
          inputs,
          app: { name: "app", input: kind },
          splitBytes: 20 * KiB,
          groupBytes,
        });
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
    const { tasks } = await planInputs({
      inputs: filesOf([1, 2, 3]),
      app: { name: "app", input: "lines" },
      splitBytes: KiB,
      groupBytes: 0,
    });
    expect(tasks.map((splits) => splits.length)).toEqual([1, 1, 1]);
  });

  it("leave large files and parts of files alone, among small ones", async () => {
    const inputs = filesOf([KiB, KiB, 40 * KiB, KiB, KiB, 90 * KiB, KiB]);
    const { tasks } = await planInputs({
      inputs,
      app: { name: "app", input: "lines" },
      splitBytes: 50 * KiB,
      groupBytes: 20 * KiB,
    });
    expect(tasks.map((splits) => splits.map(({ file }) => file).join("+"))).toEqual([
      ...["0+1", "2", "3+4", "5", "5", "6"],
    ]);
  });

  it("have a limited number of files each, even of empty ones", async () => {
    const inputs = filesOf(Array.from({ length: 2500 }, () => 0));
    const { tasks } = await planInputs({
      inputs,
      app: { name: "app", input: "file" },
      splitBytes: KiB,
      groupBytes: 2 ** 40,
    });
    expect(tasks.map((splits) => splits.length)).toEqual([splitsPerTaskMax, splitsPerTaskMax, 500]);
  });
});

describe("groupBytesFor", () => {
  it("groups nothing where each worker has few files", () => {
    expect(groupBytesFor(filesOf(Array.from({ length: 32 }, () => 100)), 2)).toBe(0);
  });

  it.each([33, 3000])("gives %i files about 4 tasks per worker", async (files) => {
    const inputs = filesOf(Array.from({ length: files }, (_, n) => n % 7));
    const plan = await planInputs({
      inputs,
      app: { name: "app", input: "file" },
      splitBytes: KiB,
      groupBytes: groupBytesFor(inputs, 2),
    });
    expect(plan.tasks.length).toBeGreaterThan(6);
    expect(plan.tasks.length).toBeLessThanOrEqual(10);
  });
});
