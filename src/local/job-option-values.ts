/** The values that the options of a job may have, and their defaults. The command line and `runJob` share them. */
import { workerMemoryBytesMin } from "../machine/worker-memory.js";
import { mebibytes } from "../machine/budget.js";
import { mapConcurrencyMax, ratePerSecondMax } from "../model/map-limits.js";
import { outputFormats } from "../model/output-format.js";
import { duration, numberAboveZero, onOrOff, oneOf, percentage, size, wholeNumber } from "./option-parsers.js";

/** Each map task may write a file per partition: with more, a job would spend its time on files. */
const reducerCountMax = 10_000;

export const partitioners = ["hash", "range"] as const;
export const compressionMethods = ["gz", "none"] as const;

/** The parser of each option that is not just a text, a list or a flag. Throws an OptionValueError. */
export const jobOptionParsers = {
  attemptTimeout: duration,
  backupTasks: onOrOff,
  compress: oneOf(compressionMethods),
  drainTimeout: duration,
  mapConcurrency: wholeNumber(1, mapConcurrencyMax),
  maxAttempts: wholeNumber(1, 1000),
  maxCrashes: wholeNumber(1, 1_000_000),
  memory: size("1MiB", "1GiB"),
  outputFormat: oneOf(outputFormats),
  partitioner: oneOf(partitioners),
  ratePerSecond: numberAboveZero(ratePerSecondMax),
  reducers: wholeNumber(0, reducerCountMax),
  sample: percentage,
  skipBadRecords: wholeNumber(0, 1_000_000),
  splitSize: size("1KiB", "1TiB"),
  step: wholeNumber(1, 1_000_000),
  taskTimeout: duration,
  workerMemory: size(mebibytes(workerMemoryBytesMin), "1TiB"),
  workers: wholeNumber(1, 1000),
} as const;

/** The defaults that do not depend on the machine or the inputs. Times are in milliseconds. */
export const jobOptionDefaults = {
  backupTasks: true,
  maxAttempts: 4,
  maxCrashes: 20,
  partitioner: "hash",
  reducers: 10,
  skipBadRecords: 0,
  taskTimeout: 10_000,
} as const;
