import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadApp } from "../../src/app/load.js";
import { mayHaveSteps, resolveApp } from "../../src/app/resolve.js";
import { loadSteps } from "../../src/app/steps.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

function app(source: string) {
  const path = join(temporary.newDirectory(), "app.mjs");
  writeFileSync(path, source);
  return resolveApp(path);
}

const writer = 'writer: { extension: "xml", record: () => "" }';
const reduce = "reduce: () => 1";

it("a pipeline has the steps of its apps, in order, each with its own name and identity", async () => {
  const two = app(`export const steps = [{ map() {}, ${reduce}, ${writer} }, { map() {}, reducers: 3, ${reduce} }]`);
  const one = app(`export const input = "pairs"; export function map() {}; export const reducers = 2;
    export default { map() {}, ${reduce}, ${writer} }`);
  const steps = await loadSteps([two, one, two]);
  expect(steps.map(({ file, reducers }) => [file.name, reducers])).toEqual([
    ["app.mjs, step 1", undefined],
    ["app.mjs, step 2", 3],
    ["app.mjs", undefined],
    ["app.mjs, step 1", undefined],
    ["app.mjs, step 2", 3],
  ]);
  expect(steps.map(({ app }) => app.input)).toEqual(["file", "pairs", "pairs", "pairs", "pairs"]);
  // The next step could not read files in its format.
  expect(steps.map(({ app }) => app.writer?.extension)).toEqual(Array.from({ length: 5 }, () => undefined));
  expect((await loadSteps([two, one])).at(-1)?.app.writer?.extension).toBe("xml");
  const hashes = steps.map(({ file }) => file.hash);
  expect(new Set(hashes).size).toBe(3);
  expect(hashes[0]).toBe(hashes[3]);
  // As in a worker.
  const loaded = await Promise.all(steps.map(({ file }) => loadApp(file)));
  expect(loaded.map(({ input }) => input)).toEqual(steps.map(({ app }) => app.input));
});

it("a step without reduce has no reduce tasks", async () => {
  const [first, last] = await loadSteps([app(`export const steps = [{ map() {} }, { map() {}, ${reduce} }]`)]);
  expect([first?.reducers, last?.reducers]).toEqual([0, undefined]);
});

it.each([
  ["a later step has an input of its own", `[{ map() {} }, { map() {}, input: "csv" }]`, 'step 2: .* not input "csv"'],
  ["a later step has a reader", "[{ map() {} }, { map() {}, readRecords() {} }]", "step 2: .* not export readRecords"],
  [
    "a step maps the bytes of pairs",
    "[{ map() {} }, { mapBytes() {} }]",
    'step 2 exports mapBytes.* "pairs" are not bytes',
  ],
  ["a step is no object", "[{ map() {} }, 5]", "export steps must be an array"],
  ["a step has half a reduce task", "[{ map() {}, reduce() {}, reducers: 0.5 }]", "step 1: export reducers must be"],
])("is told when %s", async (_, steps, message) => {
  await expect(loadSteps([app(`export const steps = ${steps}`)])).rejects.toThrow(new RegExp(message));
});

it("an app with steps cannot be loaded as a single job, but a module that only mentions steps can", async () => {
  const pipeline = app("export const steps = [{ map() {} }]");
  await expect(loadApp(pipeline)).rejects.toThrow(
    "exports steps: run it with mr pipeline, or a step of it with --step 1",
  );
  const speaking = app("// In two steps.\nexport function map() {}");
  expect([pipeline, speaking, app("export function map() {}")].map(mayHaveSteps)).toEqual([true, true, false]);
  expect(await loadSteps([speaking])).toMatchObject([{ place: { number: undefined, isFirst: true, isLast: true } }]);
});

it("declarations beside the steps apply to all of them", async () => {
  const own = `needs: ["--arg k=N"], args: ["unit"]`;
  const [first, second] = await loadSteps([
    app(`export const needs = ["--file stop.txt"]; export const args = ["lang"];
      export const steps = [{ map() {}, ${reduce}, ${own} }, { map() {}, ${reduce} }]`),
  ]);
  expect(first?.app).toMatchObject({ needs: ["--file stop.txt", "--arg k=N"], args: ["lang", "unit", "k"] });
  expect(second?.app).toMatchObject({ needs: ["--file stop.txt"], args: ["lang"] });
});

it.each([
  ["no list", `"a"`],
  ["no name", `["--a"]`],
  ["too long a name", `["${"a".repeat(101)}"]`],
])("is told when the args of an app are %s", async (_, args) => {
  await expect(loadApp(app(`export const map = () => 1; export const args = ${args};`))).rejects.toThrow(
    "export args must be an array",
  );
});

it.each([
  ["Map", "no function map (it exports Map)", "map"],
  ["Reduce", "no function reduce (it exports Reduce)", "reduce"],
  ["combiner", "combiner", "combine"],
  ["sortvalues", "sortvalues", "sortValues"],
])("is told when an app exports %s", async (name, exported, meant) => {
  const rest = meant === "map" ? "" : "export const map = () => 1;";
  for (const source of [`${rest} export const ${name} = () => 1;`, `export default { map() {}, ${name}() {} };`]) {
    if (meant === "map" && source.includes("default")) continue;
    await expect(loadApp(app(source))).rejects.toThrow(
      `exports ${exported}: did you mean ${meant}? Rename it, or do not export it`,
    );
  }
});

it("is reported when the default export has only misspelt names", async () => {
  await expect(loadApp(app("export default { Map() {}, Reduce() {} };"))).rejects.toThrow("did you mean map?");
});
