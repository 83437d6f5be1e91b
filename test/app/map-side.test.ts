import { expect, it } from "vitest";
import { aggregate, max, mean, quantiles, sum, topK } from "../../src/index.js";
import { differingExport, mapSideOf } from "../../src/app/map-side.js";

const app = {
  map: (_: string, line: string) => line,
  combine: (_: string, values: number[]) => values[0],
  reduce: () => 1,
  input: "csv",
  csv: { delimiter: ";", columns: (name: string) => name.trim() },
};

it("a change of reduce, or of an export that map tasks do not use, does not show", () => {
  const changed = { ...app, reduce: () => 2, writer: { extension: "x" }, concurrency: 4 };
  expect(differingExport(mapSideOf(app), mapSideOf(changed))).toBeUndefined();
});

it("a function without a text cannot be compared, so it counts as changed", () => {
  const bound = { ...app, map: app.map.bind(undefined) };
  expect(differingExport(mapSideOf(bound), mapSideOf(bound))).toBe("map");
});

it.each([
  ["map", { map: (_: string, line: string) => [line] }],
  ["combine", { combine: undefined }],
  ["partition", { partition: () => 0 }],
  ["setup", { setup: () => undefined }],
  ["input", { input: "lines" }],
  ["csv", { csv: { ...app.csv, delimiter: "," } }],
  ["csv", { csv: { ...app.csv, columns: (name: string) => name } }],
])("a change of %s shows by its name", (name, change) => {
  const changed = { ...app, ...change };
  expect(differingExport(mapSideOf(app), mapSideOf(changed))).toBe(name);
  expect(differingExport(mapSideOf(changed), mapSideOf(app))).toBe(name);
});

it("a change of an aggregator or of its options shows, but not the same one made again", () => {
  const combines = [
    ...[sum.combine, mean.combine, topK(10).combine, topK(9).combine, topK(10, { by: "n" }).combine],
    ...[quantiles([0.5]).combine, quantiles([0.5], { accuracy: 0.1 }).combine],
    ...[aggregate({ a: sum, b: max }).combine, aggregate({ b: max, a: sum }).combine],
    ...[aggregate({ a: sum, b: topK(2) }).combine, aggregate({ a: sum, b: topK(3) }).combine],
  ];
  const texts = combines.map((combine) => mapSideOf({ combine })["combine"]);
  expect(new Set(texts).size).toBe(combines.length);
  expect(mapSideOf({ combine: sum })).toEqual(mapSideOf({ combine: sum.combine }));
  expect(mapSideOf({ combine: topK(10).combine })).toEqual(mapSideOf({ combine: topK(10).combine }));
});
