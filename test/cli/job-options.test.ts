import { expect, test } from "vitest";
import { outputSettings, samplePercentOf } from "../../src/cli/job-options.js";

test.each([
  [{}, {}],
  [{ compress: "none" }, {}],
  [
    { outputFormat: "text", compress: "gz" },
    { format: "text", compress: "gz" },
  ],
] as const)("%j asks for the output %j", (given, settings) => {
  expect(outputSettings(given)).toEqual(settings);
});

test("a sample of all of the inputs is none", () => {
  expect([2.5, 100, undefined].map((sample) => samplePercentOf({ sample }))).toEqual([2.5, undefined, undefined]);
});
