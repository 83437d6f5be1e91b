import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { describe, expect, test } from "vitest";
import {
  attemptLimits,
  memoryOf,
  outputSettings,
  partitionerOf,
  reducersOfSteps,
  samplePercentOf,
} from "../../src/cli/job-options.js";

/** A command with one option on the command line, and others that have a value from elsewhere. */
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

test("a format from elsewhere than the command line applies only to apps without a writer", () => {
  const settings = { format: "csv", formatIsDefault: true };
  expect(outputSettings({ outputFormat: "csv" }, commandWith("compress"))).toEqual(settings);
});

describe("--values", () => {
  test("asks for values alone in jsonl, and like a format from the command line fits no writer", () => {
    const given = { outputFormat: "jsonl", values: true } as const;
    expect(outputSettings(given, commandWith("values"))).toEqual({ format: "jsonl", values: true });
    const elsewhere = { format: "jsonl", formatIsDefault: true, values: true };
    expect(outputSettings(given, commandWith("compress"))).toEqual(elsewhere);
  });

  test.each([undefined, "text", "csv", "tsv"] as const)(
    "is refused with the format %s, and ignored elsewhere",
    (format) => {
      const given = { outputFormat: format, values: true } as const;
      expect(() => outputSettings(given, commandWith("values"))).toThrow("--values needs --output-format jsonl");
      expect(outputSettings(given, commandWith("outputFormat"))).toEqual(format === undefined ? {} : { format });
    },
  );
});

describe("--worker-memory", () => {
  const MiB = 2 ** 20;

  test("limits the default of --memory", () => {
    const command = new Command().setOptionValueWithSource("memory", 256 * MiB, "default");
    const given = { memory: 256 * MiB, workers: 1 };
    const unlimited = memoryOf(given, command);
    const limited = memoryOf({ ...given, workerMemory: 200 * MiB }, command);
    expect(limited).toBe(Math.min(unlimited, 20 * MiB));
  });

  test.each(["cli", "env", "config"])("refuses a --memory from %s that does not fit", (source) => {
    const command = new Command().setOptionValueWithSource("memory", 80 * MiB, source);
    const given = { memory: 80 * MiB, workers: 1 };
    expect(memoryOf(given, command)).toBe(80 * MiB);
    expect(memoryOf({ ...given, workerMemory: 300 * MiB }, command)).toBe(80 * MiB);
    expect(() => memoryOf({ ...given, workerMemory: 200 * MiB }, command)).toThrow(
      "--memory 80MiB does not fit into --worker-memory 200MiB",
    );
  });
});

test("key ranges without reduce tasks are refused on the command line, and ignored elsewhere", () => {
  const given = { partitioner: "range", reducers: 0 } as const;
  expect(() => partitionerOf(given, commandWith("partitioner"))).toThrow("--partitioner range needs reduce tasks");
  expect(partitionerOf(given, commandWith("reducers"))).toBe("hash");
  expect(partitionerOf({ ...given, reducers: 1 }, commandWith("reducers"))).toBe("range");
  expect(partitionerOf({ ...given, partitioner: "hash" }, commandWith("partitioner"))).toBe("hash");
});

test("a pipeline refuses -r 0 on the command line, and ignores it elsewhere", () => {
  const none = { reducers: 0 };
  expect(reducersOfSteps(none, 2, commandWith("reducers"))).toBe(0);
  expect(reducersOfSteps(none, 2, commandWith("partitioner"))).toBe(10);
  expect(reducersOfSteps({ reducers: 3 }, 2, commandWith("partitioner"))).toBe(3);
  expect(reducersOfSteps(none, 1, commandWith("partitioner"))).toBe(0);
});

describe("bad records that do not occur often enough to be identified", () => {
  const given = { maxAttempts: 1, maxCrashes: 2, skipBadRecords: 5 };

  test("are never skipped, unless the command line says so", () => {
    expect(attemptLimits(given, commandWith("maxAttempts"))).toEqual({
      ...{ maxAttempts: 1, maxCrashes: 2 },
      badRecordsMax: 0,
    });
  });

  test("are skipped if the command line allows enough attempts", () => {
    const limits = attemptLimits(given, commandWith("skipBadRecords"));
    expect(limits).toEqual({ maxAttempts: 2, maxCrashes: 3, badRecordsMax: 5 });
  });

  test.each(["maxAttempts", "maxCrashes"])("and refused, if it says %s, too", (name) => {
    const both = commandWith("skipBadRecords").setOptionValueWithSource(name, "", "cli");
    expect(() => attemptLimits(given, both)).toThrow("needs --max-attempts 2 and --max-crashes 3, or more");
  });

  test("keep the requested number, if that is enough", () => {
    const enough = { ...given, maxAttempts: 2, maxCrashes: 3 };
    const limits = attemptLimits(enough, commandWith("maxAttempts"));
    expect(limits).toEqual({ maxAttempts: 2, maxCrashes: 3, badRecordsMax: 5 });
  });
});

test("a sample of all inputs is not a sample", () => {
  expect([2.5, 100, undefined].map((sample) => samplePercentOf({ sample }))).toEqual([2.5, undefined, undefined]);
});
