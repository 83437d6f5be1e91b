import { existsSync } from "node:fs";
import { join } from "node:path";
import { failedReportName, jobFileKind, manifestName, publicNameOf, reportName } from "../output/names.js";
import { writeReport } from "../output/report.js";
import { outcomeOf, outputTasks } from "./core/model.js";
import type { Job } from "./job.js";
import { outputNameOf, sideFilesOf } from "./kept-files.js";
import type { CoordinatorOptions } from "./options.js";
import { isEarlierProfile, type JobEnd } from "./publish-job.js";

/** How a job has ended. */
export interface JobReport extends JobEnd {
  /** Absolute path of the job's directory. */
  readonly directory: string;
  /** Names of the output files in it; none when the job is not done. */
  readonly outputs: readonly string[];
  /** Names of the files that the app has made beside them; none when the job is not done. */
  readonly sideFiles: readonly string[];
  /** Whether the job can be gone on with. */
  readonly isResumable: boolean;
}

/**
 * Leaves the job's directory as it should be found: with the outputs and nothing else when the job is done, as it was before
 * when it has failed, and with all that is done, and the journal, when it was stopped in good order.
 */
export async function settleJob(job: Job, end: JobEnd, options: CoordinatorOptions): Promise<JobReport> {
  const { state, journal, directory } = job;
  const { keepIntermediate, log } = options;
  const warn = (message: string) => {
    log.warn(message);
  };
  const outcome = outcomeOf(end.snapshot);
  const isDone = outcome === "done";
  try {
    const isWorthKeeping = state.completed.map + state.completed.reduce > 0;
    // When all tasks are done and something else was wrong, such as a full disk, the work is not to be lost.
    const mayGoOn = outcome === "stopped" || (outcome === "failed" && (keepIntermediate || state.phase === "done"));
    const isResumable = isWorthKeeping && mayGoOn && end.isFinal !== true && options.areInputsKept && journal.keep();
    journal.close();
    // Who has ended a job knows why, and one that goes on later is told of then.
    const hasReport = outcome === "failed" && end.failure?.isAbort !== true;
    // Before a worker came nothing was written, and what there is comes from an earlier job.
    if (state.app !== undefined) {
      try {
        directory.remove(
          uselessFiles(job, { isDone, isResumable, keepIntermediate, keepProfiles: isDone || hasReport }),
        );
      } catch (error) {
        // How the job has ended does not depend on whether its files can be removed.
        warn(`files of the job are left in ${directory.path}: ${(error as Error).message}`);
      }
      if (hasReport) keepReport(job, end, warn);
    }
    const outputs = isDone ? outputTasks(state).map(({ index }) => outputNameOf(job, index)) : [];
    const sideFiles = isDone ? sideFilesOf(state) : [];
    return { ...end, directory: directory.path, outputs, sideFiles, isResumable };
  } finally {
    await directory.release({ removeIfEmpty: !isDone });
  }
}

interface Keeping {
  readonly isDone: boolean;
  readonly isResumable: boolean;
  readonly keepIntermediate: boolean;
  readonly keepProfiles: boolean;
}

/** The names of the job's own files that are of no use any more. */
function uselessFiles(job: Job, { isDone, isResumable, keepIntermediate, keepProfiles }: Keeping): string[] {
  const { directory, state } = job;
  if (directory.isBeingReplaced) return [];
  const useless = directory.files(["temporary", "replaced"]);
  if (isResumable) return useless;
  const isIntermediate = (name: string) => jobFileKind(publicNameOf(name) ?? "") === "intermediate";
  const staged = directory.files(["staged"]);
  useless.push(...directory.files(["journal"]));
  useless.push(...staged.filter((name) => isDone || !keepIntermediate || !isIntermediate(name)));
  const areOwn = state.settings.intermediatePrefix === "";
  if (areOwn && !keepIntermediate) useless.push(...directory.files(["intermediate"]));
  if (!keepProfiles) useless.push(...directory.files(["profile"]).filter((name) => !isEarlierProfile(job, name)));
  return useless;
}

/** The report of a job that has failed does not take the place of that of the job whose output stands there. */
function keepReport({ state, directory }: Job, { view }: JobEnd, warn: (message: string) => void): void {
  const name = existsSync(join(directory.path, manifestName)) ? failedReportName : reportName;
  try {
    writeReport(directory.path, state.settings.id, name, `${JSON.stringify(view)}\n`);
  } catch (error) {
    warn(`the report cannot be written: ${(error as Error).message}`);
  }
}
