import type { JobSettings } from "../../src/model/job.js";

/** The settings of a job in which only the given ones matter. */
export function jobSettings(given: Partial<JobSettings> = {}): JobSettings {
  return {
    id: "job",
    reducers: 1,
    partitioner: "hash",
    output: {},
    directory: "/job",
    intermediatePrefix: "",
    collectorBytes: 1,
    files: [],
    taskTimeoutMs: 10_000,
    heartbeatIntervalMs: 1000,
    attemptTimeoutMs: undefined,
    backups: "after-timeout",
    maxAttempts: 4,
    maxCrashes: 20,
    combineBytesMin: Infinity,
    badRecordsMax: 0,
    ...given,
  };
}
