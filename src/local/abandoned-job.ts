import { setTimeout as wait } from "node:timers/promises";
import { JobDirectory } from "../output/directory.js";
import { noSources } from "../output/job-files.js";
import { removeEmptyDirectories } from "../output/make-directory.js";
import { AddressInUseError } from "../rpc/errors.js";
import type { WorkerStart } from "./supervision.js";

const retryDelayMs = 10;
const retriesMax = 100;

/**
 * Does for a coordinator that was killed what it would do at its end: removes the lock, unfinished files, and the
 * directories that were made for the job when there is nothing in them. What was finished stays, with the journal: the
 * job, or the pipeline that it is a step of, can be resumed. Each of its workers does so. When a new job has the directory
 * by now, that one clears it, and its directories are not to be removed.
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
    // What cannot be removed stays behind, and nobody is left to be told; the next job clears it, or says why it cannot.
  } finally {
    await directory.release({ removeIfEmpty: true });
  }
}

/** Another worker holds it for some milliseconds. Undefined when a new job has it, or when it cannot be had. */
async function takeFromOthers(outputDirectory: string): Promise<JobDirectory | undefined> {
  for (let tries = 0; tries <= retriesMax; tries++) {
    try {
      return await JobDirectory.take(outputDirectory, noSources);
    } catch (error) {
      if (!(error instanceof Error && error.cause instanceof AddressInUseError)) return undefined;
    }
    await wait(retryDelayMs);
  }
  return undefined;
}
