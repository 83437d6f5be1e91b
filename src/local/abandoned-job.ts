import { setTimeout as wait } from "node:timers/promises";
import { JobDirectory } from "../output/directory.js";
import { noSources } from "../output/job-files.js";
import { removeEmptyDirectories } from "../storage/directories.js";
import { DirectoryLockedError } from "../storage/directory-lock.js";
import type { WorkerStart } from "./supervision.js";

const retryDelayMs = 10;
const retriesMax = 100;

/**
 * Does for a killed coordinator what it would have done at its end: removes the lock, unfinished files, and the
 * directories created for the job if they are empty. Finished work stays, with the journal: the job, or its pipeline,
 * can be resumed. Each worker of the job calls this. If a new job has locked the directory by now, that job clears it,
 * and its directories stay.
 */
export async function clearAbandonedJob(start: WorkerStart): Promise<void> {
  const { outputDirectory, pipelineDirectory, newDirectories } = start;
  if (pipelineDirectory !== undefined)
    await (await takeFromOthers(pipelineDirectory))?.release({ removeIfEmpty: true });
  const directory = await takeFromOthers(outputDirectory);
  if (directory === undefined) return;
  try {
    directory.clear(["temporary"]);
    removeEmptyDirectories(newDirectories);
  } catch {
    // A file that cannot be removed stays, and no process is left to report it; the next job clears it, or reports why
    // it cannot.
  } finally {
    await directory.release({ removeIfEmpty: true });
  }
}

/** Another worker may hold the lock for some milliseconds. Undefined when a new job holds it, or when locking fails. */
async function takeFromOthers(outputDirectory: string): Promise<JobDirectory | undefined> {
  for (let tries = 0; tries <= retriesMax; tries++) {
    try {
      return await JobDirectory.take(outputDirectory, noSources);
    } catch (error) {
      if (!(error instanceof Error && error.cause instanceof DirectoryLockedError)) return undefined;
    }
    await wait(retryDelayMs);
  }
  return undefined;
}
