import type { CoordinatorOptions } from "../../src/coordinator/options.js";

/** The options of a job without inputs. */
export function jobOptions(outputDirectory: string, socket: string | undefined): CoordinatorOptions {
  return {
    app: undefined,
    inputs: [],
    areInputsKept: true,
    outputDirectory,
    socket,
    reducers: 1,
    partitioner: "hash",
    output: {},
    args: undefined,
    taskTimeoutMs: 60_000,
    attemptTimeoutMs: undefined,
    backups: "after-timeout",
    splitBytes: 2 ** 26,
    splitBytesGiven: false,
    groupBytes: 0,
    collectorBytes: 2 ** 28,
    files: [],
    maxAttempts: 4,
    maxCrashes: 20,
    badRecordsMax: 0,
    keepIntermediate: false,
    engineVersion: "0",
    resume: false,
    acceptsChangedApp: false,
    log: { info: () => undefined, warn: () => undefined, warnOfData: () => undefined },
  };
}
