/**
 * The shared parts of attempts that run in this process, for `mr sequential`, `mr replay-bad-records` and `testApp`.
 */
import type { StoredFile } from "../shuffle/stored-file.js";
import type { AttemptResult, AttemptSettings, Progress } from "../worker/task-context.js";

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
    progress: unwatched,
    marksRecords: false,
  };
}

const unwatched: Progress = {
  record: NaN,
  set: () => undefined,
  beginRecord: () => undefined,
  takeValue: () => undefined,
};

/** The map output for a reduce task. Only this process reads it, so the files keep their temporary names. */
export function filesForReduce(maps: readonly AttemptResult[], task: number): StoredFile[] {
  const ofPartition = maps.flatMap(({ files }) => files).filter(({ partition }) => partition === task);
  return ofPartition.map(({ temporaryPath, bytes, checksum }) => ({ location: temporaryPath, bytes, checksum }));
}
