import { existsSync } from "node:fs";
import { join } from "node:path";
import { failedReportName, jobFileKind, manifestName, publicNameOf, reportName } from "../output/names.js";
import { writeReport } from "../output/report.js";
import { outcomeOf, outputTasks } from "../scheduler/job/job.js";
import type { Job } from "./job.js";
import { outputsOf, sideFilesOf } from "./kept-files.js";
import type { CoordinatorOptions } from "./options.js";
import { isEarlierProfile, type JobEnd } from "./publish-job.js";

/** The result of a job and the files in its directory. */
export interface JobReport extends JobEnd {
  /** Absolute path of the job's directory. */
  readonly directory: string;
  /** Names of the output files; empty unless the job is done. */
  readonly outputs: readonly string[];
  /** Names of the app's side files; empty unless the job is done. */
  readonly sideFiles: readonly string[];
  /** Whether `--resume` can continue the job. */
  readonly isResumable: boolean;
}

/**
 * Tidies the job's directory. A finished job leaves its outputs and nothing else, a failed one leaves the directory as it was,
 * and a stopped one leaves its journal and the files of its completed tasks.
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
    // Keep the work when all tasks are done and publishing failed, for example because the disk was full.
    const mayGoOn = outcome === "stopped" || (outcome === "failed" && (keepIntermediate || state.phase === "done"));
    const isResumable = isWorthKeeping && mayGoOn && end.isFinal !== true && options.areInputsKept && journal.keep();
    journal.close();
    // The user who aborted a job knows why, and a job that is resumed writes its report at its own end.
    const hasReport = outcome === "failed" && end.failure?.isAbort !== true;
    // The job writes nothing before its first worker joins, so all files here belong to an earlier job.
    if (state.app !== undefined) {
      try {
        directory.remove(
          uselessFiles(job, { isDone, isResumable, keepIntermediate, keepProfiles: isDone || hasReport }),
        );
      } catch (error) {
        // The result of the job does not depend on whether its files can be removed.
        warn(`files of the job are left in ${directory.path}: ${(error as Error).message}`);
      }
      if (hasReport) keepReport(job, end, warn);
    }
    const outputs = isDone ? outputTasks(state).flatMap((task) => outputsOf(job, task).map(({ name }) => name)) : [];
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

/** The names of the job's own files to remove. */
function uselessFiles(job: Job, { isDone, isResumable, keepIntermediate, keepProfiles }: Keeping): string[] {
  const { begins, directory, state } = job;
  if (directory.isBeingReplaced) return [];
  const useless = directory.files(["temporary", "replaced"]);
  if (isResumable) return useless;
  const isIntermediate = (name: string) => jobFileKind(publicNameOf(name) ?? "") === "intermediate";
  const staged = directory.files(["staged"]);
  useless.push(...directory.files(["journal"]));
  useless.push(...staged.filter((name) => isDone || !keepIntermediate || !isIntermediate(name)));
  // A job that hides its intermediate files gives them their own names when it publishes.
  const areOwn = state.settings.intermediatePrefix === "" || begins === "published";
  if (areOwn && !keepIntermediate) useless.push(...directory.files(["intermediate"]));
  if (!keepProfiles) useless.push(...directory.files(["profile"]).filter((name) => !isEarlierProfile(job, name)));
  return useless;
}

/** Writes the report of a failed job, under a name of its own if the directory has the report of a finished one. */
function keepReport({ state, directory }: Job, { view }: JobEnd, warn: (message: string) => void): void {
  const name = existsSync(join(directory.path, manifestName)) ? failedReportName : reportName;
  try {
    writeReport(directory.path, state.settings.id, name, `${JSON.stringify(view)}\n`);
  } catch (error) {
    warn(`the report cannot be written: ${(error as Error).message}`);
  }
}
