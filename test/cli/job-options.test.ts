import { expect, test } from "vitest";
import { outputSettings } from "../../src/cli/job-options.js";

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
