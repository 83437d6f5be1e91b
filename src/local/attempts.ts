/**
 * The shared parts of attempts that run in this process, for `mr sequential`, `mr replay-bad-records` and `testApp`.
 */
import type { LoadedApp } from "../app/load.js";
import { StartSlots } from "../scheduler/job/start-slots.js";
import type { StoredFile } from "../shuffle/stored-file.js";
import type { ReserveStarts } from "../worker/start-pacer.js";
import type { AttemptResult, AttemptSettings, Progress } from "../worker/task-context.js";

/** The settings for the maps of a job. Those of the job override those of the app. */
export function mapSettingsInProcess(
  app: Pick<LoadedApp, "ratePerSecond">,
  job: Pick<AttemptSettings, "mapConcurrency" | "ratePerSecond"> = {},
): Pick<AttemptSettings, "mapConcurrency" | "ratePerSecond" | "reserveStarts"> {
  const { mapConcurrency, ratePerSecond = app.ratePerSecond } = job;
  if (ratePerSecond === undefined) return { mapConcurrency };
  const slots = new StartSlots(performance.now());
  const reserveStarts: ReserveStarts = (wanted) => {
    return Promise.resolve(slots.reserve(ratePerSecond, wanted, performance.now()));
  };
  return { mapConcurrency, ratePerSecond, reserveStarts };
}

/** The settings that only a worker's attempt needs. */
type OfWorkers = "boundaries" | "intermediatePrefix" | "signal" | "progress" | "marksRecords";

/** The settings of an attempt that nothing watches or revokes. */
export function settingsInProcess(own: Omit<AttemptSettings, OfWorkers>): AttemptSettings {
  return {
    ...own,
    boundaries: undefined,
    // Intermediate files keep their temporary names.
    intermediatePrefix: "",
    signal: new AbortController().signal,
    progress: unwatched(),
    marksRecords: false,
  };
}

/** Progress that nobody watches; its record says who is to blame for an error. */
export function unwatched(): Progress {
  let record = NaN;
  let isFolding = false;
  return {
    get record() {
      return record;
    },
    get isFolding() {
      return isFolding;
    },
    set: () => undefined,
    beginRecord: (offset) => void (record = offset),
    setFolding: (is) => void (isFolding = is),
    takeValue: () => undefined,
  };
}

/** The map output for a reduce task. Only this process reads it, so the files keep their temporary names. */
export function filesForReduce(maps: readonly AttemptResult[], task: number): StoredFile[] {
  const ofPartition = maps.flatMap(({ files }) => files).filter(({ partition }) => partition === task);
  return ofPartition.map(({ temporaryPath, bytes, checksum }) => ({ location: temporaryPath, bytes, checksum }));
}
