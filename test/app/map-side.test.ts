import { expect, it } from "vitest";
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
