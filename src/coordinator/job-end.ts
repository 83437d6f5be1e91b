import { writeBadRecords } from "../output/bad-records.js";
import { writeManifest, type JobFacts } from "../output/manifest.js";
import type { JobFileKind } from "../output/names.js";
import { writeReport } from "../output/report.js";
import type { Snapshot } from "../rpc/protocol.js";
import type { JobView } from "../status/job-view.js";
import { badRecords } from "./core/bad-records.js";
import { outcomeOf, outputTasks, type JobFailure } from "./core/model.js";
import type { Job } from "./job.js";
import { hasFilesOf, outputNameOf, outputSuffixOf, sideFilesOf } from "./kept-files.js";
import type { CoordinatorOptions } from "./options.js";

/** How a job has ended. */
export interface JobReport {
  readonly snapshot: Snapshot;
  /** The last one. */
  readonly view: JobView;
  readonly failure: JobFailure | undefined;
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
export async function settleJob(
  job: Job,
  snapshot: Snapshot,
  lastView: JobView,
  options: CoordinatorOptions,
): Promise<JobReport> {
  const { state, journal, directory } = job;
  const { keepIntermediate, log } = options;
  const warn = (message: string) => {
    log.warn(message);
  };
  let isDone = false;
  try {
    const end = snapshot.phase === "done" ? await finish(job, snapshot, options) : { snapshot, failure: state.failure };
    const outcome = outcomeOf(end.snapshot);
    isDone = outcome === "done";
    const view = asEnded(lastView, end);
    const isWorthKeeping = state.completed.map + state.completed.reduce > 0;
    // When all tasks are done and something else was wrong, such as a full disk, the work is not to be lost.
    const mayGoOn = outcome === "stopped" || (outcome === "failed" && (keepIntermediate || snapshot.phase === "done"));
    const isResumable = isWorthKeeping && mayGoOn && options.areInputsKept && journal.keep();
    journal.close();
    const useless: JobFileKind[] = ["temporary"];
    if (!isResumable) useless.push("journal");
    if (!isResumable && !keepIntermediate) useless.push("intermediate");
    if (!isResumable && !keepIntermediate && !isDone) useless.push("output", "side", "bad-records");
    // Of an attempt that was lost after it had given them their names, and that another one has not made.
    const sideFiles = isDone ? sideFilesOf(state) : [];
    if (isDone) useless.push("side");
    // Who has ended a job knows why, and one that goes on later is told of then.
    const hasReport = isDone || (outcome === "failed" && end.failure?.isAbort !== true);
    if (!hasReport) useless.push("report");
    if (!hasReport && !isResumable) useless.push("profile");
    // Before a worker came nothing was written, and what there is comes from an earlier job.
    if (state.app !== undefined) {
      clear(job, useless, sideFiles, warn);
      if (hasReport) keepReport(job, view, warn);
    }
    const outputs = isDone ? outputTasks(state).map(({ index }) => outputNameOf(job, index)) : [];
    return { ...end, view, directory: directory.path, outputs, sideFiles, isResumable };
  } finally {
    await directory.release({ removeIfEmpty: !isDone });
  }
}

/** Looks whether a job of which all tasks are done is done, and writes what it has left out, and what it was. */
async function finish(
  job: Job,
  snapshot: Snapshot,
  options: CoordinatorOptions,
): Promise<Pick<JobReport, "snapshot" | "failure">> {
  const { state, directory } = job;
  const lost = lostOutput(job);
  if (lost !== undefined) return failed(snapshot, lost);
  let what = "the bad records";
  try {
    const recordsSkipped = await writeBadRecords(directory.path, state.settings.id, badRecords(state));
    what = "the manifest";
    writeManifest(directory.path, state.settings.id, factsOf(job, snapshot, recordsSkipped, options));
    return { snapshot: { ...snapshot, recordsSkipped }, failure: undefined };
  } catch (error) {
    return failed(snapshot, `${what} cannot be written: ${(error as Error).message}`);
  }
}

function factsOf(job: Job, snapshot: Snapshot, badRecords: number, options: CoordinatorOptions): JobFacts {
  const { state } = job;
  const { app, args, settings } = state;
  if (app === undefined || args === undefined) throw new Error("a job is done of which no app is known");
  const { engineVersion, inputs, files, partitioner, samplePercent, splitBytes, splitBytesGiven, resume } = options;
  return {
    engineVersion,
    app,
    args,
    inputs,
    files,
    reducers: settings.reducers,
    partitioner,
    samplePercent,
    output: settings.output,
    splitBytes: resume && !splitBytesGiven ? undefined : splitBytes,
    badRecordsMax: settings.badRecordsMax,
    mapTasks: state.maps.length,
    outputs: outputTasks(state).flatMap(({ index, commit }) => {
      if (commit?.checksum === undefined) return [];
      const { recordsOut: records, bytesOut: bytes } = commit.done;
      return [
        { name: outputNameOf(job, index), records, bytes, checksum: commit.checksum, textKeyEnd: commit.textKeyEnd },
      ];
    }),
    badRecords,
    map: snapshot.map,
    reduce: snapshot.reduce,
    elapsedMs: snapshot.elapsedMs,
    earlierSteps: options.earlierSteps ?? [],
  };
}

function failed(snapshot: Snapshot, message: string): Pick<JobReport, "snapshot" | "failure"> {
  return { snapshot: { ...snapshot, phase: "failed", failure: message }, failure: { message } };
}

/** What comes out when the directory is looked at is a part of what is to be seen. */
function asEnded(view: JobView, { snapshot, failure }: Pick<JobReport, "snapshot" | "failure">): JobView {
  const { phase, recordsSkipped } = snapshot;
  if (failure === undefined || view.failure !== undefined) return { ...view, phase, recordsSkipped };
  return { ...view, phase, recordsSkipped, failure: { message: failure.message, details: [] } };
}

/** The outputs are there, or are not, whether this works or not. */
function keepReport({ state, directory }: Job, view: JobView, warn: (message: string) => void): void {
  try {
    writeReport(directory.path, state.settings.id, `${JSON.stringify(view)}\n`);
  } catch (error) {
    warn(`the report cannot be written: ${(error as Error).message}`);
  }
}

/** How the job has ended does not depend on whether its files can be removed. */
function clear(
  job: Job,
  useless: readonly JobFileKind[],
  kept: readonly string[],
  warn: (message: string) => void,
): void {
  const { directory } = job;
  try {
    directory.clear(useless, { suffix: outputSuffixOf(job), kept });
  } catch (error) {
    warn(`files of the job are left in ${directory.path}: ${(error as Error).message}`);
  }
}

/** Somebody may have removed or replaced an output while the job ran: that must not be called done. */
function lostOutput(job: Job): string | undefined {
  const { maps, reduces, settings } = job.state;
  const lost = [...reduces, ...maps].find((task) => !hasFilesOf(job, task));
  const what = lost?.kind === "map" && settings.reducers > 0 ? "a side file" : "the output";
  return lost && `${what} of ${lost.kind} task ${lost.index} was removed or changed while the job ran`;
}
