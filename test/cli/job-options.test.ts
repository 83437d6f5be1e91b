import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { describe, expect, test } from "vitest";
import {
  attemptLimits,
  outputSettings,
  partitionerOf,
  reducersOfSteps,
  samplePercentOf,
} from "../../src/cli/job-options.js";

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

test("no reduce tasks are refused by a pipeline on the command line, and passed over elsewhere", () => {
  const none = { reducers: 0 };
  expect(reducersOfSteps(none, 2, commandWith("reducers"))).toBe(0);
  expect(reducersOfSteps(none, 2, commandWith("partitioner"))).toBe(10);
  expect(reducersOfSteps({ reducers: 3 }, 2, commandWith("partitioner"))).toBe(3);
  expect(reducersOfSteps(none, 1, commandWith("partitioner"))).toBe(0);
});

describe("bad records that are not met often enough to be known are left out", () => {
  const given = { maxAttempts: 1, maxCrashes: 2, skipBadRecords: 5 };

  test("never, unless the command line says so", () => {
    expect(attemptLimits(given, commandWith("maxAttempts"))).toEqual({
      ...{ maxAttempts: 1, maxCrashes: 2 },
      badRecordsMax: 0,
    });
  });

  test("when they are met often enough after all, if the command line does", () => {
    const limits = attemptLimits(given, commandWith("skipBadRecords"));
    expect(limits).toEqual({ maxAttempts: 2, maxCrashes: 3, badRecordsMax: 5 });
  });

  test.each(["maxAttempts", "maxCrashes"])("and refused, if it says %s, too", (name) => {
    const both = commandWith("skipBadRecords").setOptionValueWithSource(name, "", "cli");
    expect(() => attemptLimits(given, both)).toThrow("needs --max-attempts 2 and --max-crashes 3, or more");
  });

  test("as they are wanted, if that is enough", () => {
    const enough = { ...given, maxAttempts: 2, maxCrashes: 3 };
    const limits = attemptLimits(enough, commandWith("maxAttempts"));
    expect(limits).toEqual({ maxAttempts: 2, maxCrashes: 3, badRecordsMax: 5 });
  });
});

test("a sample of all of the inputs is none", () => {
  expect([2.5, 100, undefined].map((sample) => samplePercentOf({ sample }))).toEqual([2.5, undefined, undefined]);
});
