import { statfsSync } from "node:fs";
import { join } from "node:path";
import type { LoadedApp } from "../app/load.js";
import { intermediateName, temporaryPrefix } from "../output/names.js";
import { StagedFile } from "../storage/staged-file.js";
import { noMeasures } from "../model/measures.js";
import { combineFiles } from "../shuffle/merge/combine-files.js";
import type { StoredFile } from "../shuffle/stored-file.js";
import { noteKey } from "./at-work.js";
import type { AttemptResult, AttemptSettings } from "./task-context.js";

/** The key of an attempt with more values than this is named when memory runs out. */
const manyValues = 10_000;

/** Which file a combine task writes: number `file` of a partition. */
interface CombinedFile {
  readonly partition: number;
  readonly file: number;
}

/**
 * Runs one attempt of a combine task: merges some of the sorted files that the maps wrote for a partition, and folds the
 * values of each key with `combine` into one file, which the reduce task reads in their place. The result has no file
 * when the values hardly shrink, or when the file would take the room that the output of the reduce task may need.
 * Throws the app's errors, and DamagedInputError.
 */
export function runCombineTask(
  { combine }: Pick<LoadedApp, "combine">,
  inputs: readonly StoredFile[],
  { partition, file: number }: CombinedFile,
  settings: AttemptSettings,
): AttemptResult {
  if (combine === undefined) throw new Error("the app has no combine");
  const { ref, jobId, directory, intermediatePrefix, progress } = settings;
  const none = { ...noMeasures(), files: [], skipped: [], sideFiles: [], warnings: [] };
  const bytesIn = inputs.reduce((sum, { bytes }) => sum + bytes, 0);
  if (!hasRoom(directory, bytesIn)) return none;
  const file = StagedFile.create(join(directory, temporaryPrefix(jobId, "combine", ref.task, ref.attempt) + "out"));
  let key: string | undefined;
  let pairsBefore = 0;
  try {
    const combined = combineFiles(inputs, file, {
      combine,
      onKey(next, pairs) {
        key = next;
        pairsBefore = pairs;
        progress.beginRecord(pairs);
      },
      onPairs(pairs) {
        progress.set(pairs, 0);
        if (key !== undefined && pairs - pairsBefore >= manyValues) progress.noteKey?.(key);
      },
    });
    progress.beginRecord(NaN);
    const written = combined === undefined ? undefined : file.close();
    if (combined === undefined || written === undefined || !hasRoom(directory, bytesIn)) {
      file.discard();
      return none;
    }
    const { path, bytes, checksum } = written;
    const finalPath = join(directory, intermediatePrefix + intermediateName(number, partition, ref.attempt));
    return {
      ...none,
      files: [{ temporaryPath: path, finalPath, partition, bytes, checksum }],
      recordsIn: combined.pairs,
      recordsOut: combined.values,
      bytesIn,
      bytesOut: bytes,
      keys: combined.keys,
    };
  } catch (error) {
    if (key !== undefined) noteKey(error, key);
    file.discard();
    throw error;
  }
}

/** Whether a disk has that many bytes for more files. A file system that does not tell its size may have them. */
function hasRoom(directory: string, bytes: number): boolean {
  const { bavail, blocks, bsize } = statfsSync(directory);
  return blocks === 0 || bavail * bsize >= bytes;
}
