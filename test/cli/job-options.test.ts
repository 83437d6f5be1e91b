import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { expect, test } from "vitest";
import { outputSettings, partitionerOf, samplePercentOf } from "../../src/cli/job-options.js";

/** A command of which an option is on the command line, and others that have a value are not. */
function commandWith(option: string): CommandUnknownOpts {
  return new Command().setOptionValueWithSource(option, "", "cli");
}

test.each([
  [{}, {}],
  [{ compress: "none" }, {}],
  [
    { outputFormat: "text", compress: "gz" },
    { format: "text", compress: "gz" },
  ],
] as const)("%j asks for the output %j", (given, settings) => {
  expect(outputSettings(given, commandWith("outputFormat"))).toEqual(settings);
});

test("a format that is not on the command line is for apps without a writer", () => {
  const settings = { format: "csv", formatIsDefault: true };
  expect(outputSettings({ outputFormat: "csv" }, commandWith("compress"))).toEqual(settings);
});

test("ranges of keys that nobody reduces are refused on the command line, and passed over elsewhere", () => {
  const given = { partitioner: "range", reducers: 0 } as const;
  expect(() => partitionerOf(given, commandWith("partitioner"))).toThrow("--partitioner range needs reduce tasks");
  expect(partitionerOf(given, commandWith("reducers"))).toBe("hash");
  expect(partitionerOf({ ...given, reducers: 1 }, commandWith("reducers"))).toBe("range");
  expect(partitionerOf({ ...given, partitioner: "hash" }, commandWith("partitioner"))).toBe("hash");
});

test("a sample of all of the inputs is none", () => {
  expect([2.5, 100, undefined].map((sample) => samplePercentOf({ sample }))).toEqual([2.5, undefined, undefined]);
});
