import { describe, expect, test } from "vitest";
import {
  attemptLimits,
  memoryOf,
  outputSettings,
  partitionerOf,
  reducersOfSteps,
  samplePercentOf,
  type OptionSource,
  type SourceOf,
} from "../../src/local/job-options.js";

/** These options are set for the job, and others for many jobs. */
function setForJob(...names: readonly string[]): SourceOf {
  return (name) => (names.includes(name) ? "this job" : "many jobs");
}

test.each([
  [{}, {}],
  [{ compress: "none" }, {}],
  [
    { outputFormat: "text", compress: "gz" },
    { format: "text", compress: "gz" },
  ],
] as const)("%j asks for the output %j", (given, settings) => {
  expect(outputSettings(given, setForJob("outputFormat"))).toEqual(settings);
});

test("a format set for many jobs applies only to apps without a writer", () => {
  const settings = { format: "csv", formatIsDefault: true };
  expect(outputSettings({ outputFormat: "csv" }, setForJob("compress"))).toEqual(settings);
});

describe("--values", () => {
  test("asks for values alone in jsonl, and like a format set for the job fits no writer", () => {
    const given = { outputFormat: "jsonl", values: true } as const;
    expect(outputSettings(given, setForJob("values"))).toEqual({ format: "jsonl", values: true });
    const elsewhere = { format: "jsonl", formatIsDefault: true, values: true };
    expect(outputSettings(given, setForJob("compress"))).toEqual(elsewhere);
  });

  test.each([undefined, "text", "csv", "tsv"] as const)(
    "is refused with the format %s, and ignored elsewhere",
    (format) => {
      const given = { outputFormat: format, values: true } as const;
      expect(() => outputSettings(given, setForJob("values"))).toThrow("--values needs --output-format jsonl");
      expect(outputSettings(given, setForJob("outputFormat"))).toEqual(format === undefined ? {} : { format });
    },
  );
});

describe("--worker-memory", () => {
  const MiB = 2 ** 20;

  test("limits the default of --memory", () => {
    const byNobody = () => "nobody" as const;
    const given = { memory: 256 * MiB, workers: 1 };
    const unlimited = memoryOf(given, byNobody);
    const limited = memoryOf({ ...given, workerMemory: 200 * MiB }, byNobody);
    expect(limited).toBe(Math.min(unlimited, 20 * MiB));
  });

  test.each<OptionSource>(["this job", "many jobs"])("refuses a --memory set for %s that does not fit", (source) => {
    const sourceOf = () => source;
    const given = { memory: 80 * MiB, workers: 1 };
    expect(memoryOf(given, sourceOf)).toBe(80 * MiB);
    expect(memoryOf({ ...given, workerMemory: 300 * MiB }, sourceOf)).toBe(80 * MiB);
    expect(() => memoryOf({ ...given, workerMemory: 200 * MiB }, sourceOf)).toThrow(
      "--memory 80MiB does not fit into --worker-memory 200MiB",
    );
  });
});

test("key ranges without reduce tasks are refused when set for the job, and ignored when set for many", () => {
  const given = { partitioner: "range", reducers: 0 } as const;
  expect(() => partitionerOf(given, setForJob("partitioner"))).toThrow("--partitioner range needs reduce tasks");
  expect(partitionerOf(given, setForJob("reducers"))).toBe("hash");
  expect(partitionerOf({ ...given, reducers: 1 }, setForJob("reducers"))).toBe("range");
  expect(partitionerOf({ ...given, partitioner: "hash" }, setForJob("partitioner"))).toBe("hash");
});

test("a pipeline refuses -r 0 on the command line, and ignores it elsewhere", () => {
  const none = { reducers: 0 };
  expect(reducersOfSteps(none, 2, setForJob("reducers"))).toBe(0);
  expect(reducersOfSteps(none, 2, setForJob("partitioner"))).toBe(10);
  expect(reducersOfSteps({ reducers: 3 }, 2, setForJob("partitioner"))).toBe(3);
  expect(reducersOfSteps(none, 1, setForJob("partitioner"))).toBe(0);
});

describe("bad records that do not occur often enough to be identified", () => {
  const given = { maxAttempts: 1, maxCrashes: 2, skipBadRecords: 5 };

  test("are never skipped, unless they are set for the job", () => {
    expect(attemptLimits(given, setForJob("maxAttempts"))).toEqual({
      ...{ maxAttempts: 1, maxCrashes: 2 },
      badRecordsMax: 0,
    });
  });

  test("are skipped if the job allows enough attempts", () => {
    const limits = attemptLimits(given, setForJob("skipBadRecords"));
    expect(limits).toEqual({ maxAttempts: 2, maxCrashes: 3, badRecordsMax: 5 });
  });

  test.each(["maxAttempts", "maxCrashes"])("and refused, if it says %s, too", (name) => {
    const both = setForJob("skipBadRecords", name);
    expect(() => attemptLimits(given, both)).toThrow("needs --max-attempts 2 and --max-crashes 3, or more");
  });

  test("keep the requested number, if that is enough", () => {
    const enough = { ...given, maxAttempts: 2, maxCrashes: 3 };
    const limits = attemptLimits(enough, setForJob("maxAttempts"));
    expect(limits).toEqual({ maxAttempts: 2, maxCrashes: 3, badRecordsMax: 5 });
  });
});

test("a sample of all inputs is not a sample", () => {
  expect([2.5, 100, undefined].map((sample) => samplePercentOf({ sample }))).toEqual([2.5, undefined, undefined]);
});
