import { expect, it } from "vitest";
import { differences } from "../../../src/coordinator/journal/differences.js";

const stopWords = { name: "stop", path: "/stop.txt", sizeBytes: 3, modifiedMs: 1 };
const names = { name: "names", path: "/names.txt", sizeBytes: 4, modifiedMs: 2 };
const before = { inputs: [], reducers: 1, partitioner: "hash" as const, output: {}, files: [stopWords, names] };

it("a job that is resumed may have its files in another order", () => {
  expect(
    differences(before, { ...before, partitioner: "hash" as const, output: {}, files: [names, stopWords] }),
  ).toBeUndefined();
});

it.each([
  ["one less", [stopWords], "it had --file /names.txt#names, but this one does not"],
  ["one more", [stopWords, names, { ...names, name: "more" }], "it had no --file more"],
  ["another one of that name", [stopWords, { ...names, path: "/x" }], "its --file names was /names.txt, but is now /x"],
  ["one of another size", [{ ...stopWords, sizeBytes: 5 }, names], "--file stop had 3 bytes, but now has 5"],
  ["one that was changed", [{ ...stopWords, modifiedMs: 5 }, names], "--file stop has changed since"],
])("a job is not resumed with %s", (_, files, difference) => {
  expect(differences(before, { ...before, files })).toBe(difference);
});

it.each([
  [64 * 1024 * 1024, "64MiB"],
  [60_000, "60kB"],
  [1_500_000, "1.5MB"],
  [1536, "1.5KiB"],
  [100_000_001, "100.000001MB"],
])("a --split-size of %i bytes is shown as one would write it: %s", (splitBytes, text) => {
  const difference = `it had no --split-size, but this one has --split-size ${text}`;
  expect(differences(before, { ...before, splitBytes })).toBe(difference);
});
