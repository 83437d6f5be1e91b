import { lstatSync } from "node:fs";
import { join } from "node:path";
import { writeBadRecords } from "../output/bad-records.js";
import { earlierFiles } from "../output/earlier-job.js";
import { writeManifest, type JobFacts } from "../output/manifest.js";
import {
  badRecordsName,
  jobFileKind,
  manifestName,
  publicNameOf,
  reportName,
  stagedName,
  type JobFileKind,
} from "../output/names.js";
import { publish } from "../output/publication.js";
import { writeReport } from "../output/report.js";
import type { Snapshot } from "../model/snapshot.js";
import type { JobView } from "../model/job-view.js";
import { type JobFailure, outputTasks } from "../scheduler/job/job.js";
import { badRecords } from "../scheduler/views/bad-records.js";
import type { Job } from "./job.js";
import { hasFilesOf, outputSuffixOf, outputsOf, sideFilesOf } from "./kept-files.js";
import type { CoordinatorOptions } from "./options.js";
import { unreadArgs } from "./unread-args.js";

/** The result of a job. */
export interface JobEnd {
  readonly snapshot: Snapshot;
  /** The last one. */
  readonly view: JobView;
  readonly failure: JobFailure | undefined;
  /** Whether resuming the job would lead to the same failure. */
  readonly isFinal?: true;
}

/**
 * Ends a job whose tasks are all done: checks that their output files exist, writes the bad records, the report and the
 * manifest, and publishes them all in place of the earlier output. If a step fails, the job fails and the earlier output stays.
 */
export async function publishJob(
  job: Job,
  snapshot: Snapshot,
  lastView: JobView,
  options: CoordinatorOptions,
): Promise<JobEnd> {
  const { state, directory } = job;
  const { id } = state.settings;
  const warn = (message: string) => {
    options.log.warn(message);
  };
  const failed = (message: string) => asFailed(snapshot, lastView, message);
  const lost = lostOutput(job);
  if (lost !== undefined) return failed(lost);
  const { app, args, argUse, measures, settings } = state;
  const unread = app && args && unreadArgs({ app, args, ...settings, use: argUse, records: measures.map.recordsIn });
  if (unread !== undefined) return { ...failed(unread), isFinal: true };
  let what = "the bad records";
  try {
    const recordsSkipped = await writeBadRecords(directory.path, id, badRecords(state));
    const end = { ...snapshot, recordsSkipped };
    const view = { ...lastView, phase: end.phase, recordsSkipped };
    const hasReport = writeReportOf(job, view, warn);
    what = "the manifest";
    writeManifest(directory.path, id, factsOf(job, end, recordsSkipped, options));
    what = "the output";
    const names = [
      ...outputTasks(state).flatMap((task) => outputsOf(job, task).map(({ name }) => name)),
      ...sideFilesOf(state),
      ...keptIntermediateFiles(job, options),
      ...(recordsSkipped > 0 ? [badRecordsName] : []),
      ...(hasReport ? [reportName] : []),
      manifestName,
    ];
    const isRepeated = job.begins === "published";
    // A repeated publication finds no files of an earlier job: the first one has replaced them.
    const obsolete = isRepeated ? [] : obsoleteFiles(job, options);
    publish(directory.path, { jobId: id, names, obsolete }, { isRepeated });
    return { snapshot: end, view, failure: undefined };
  } catch (error) {
    const verb = what === "the output" ? "cannot take its place" : "cannot be written";
    return failed(`${what} ${verb}: ${(error as Error).message}`);
  }
}

/** The result of a job whose tasks succeeded but whose output could not be published. */
function asFailed(snapshot: Snapshot, view: JobView, message: string): JobEnd {
  return {
    snapshot: { ...snapshot, phase: "failed", failure: message },
    view: { ...view, phase: "failed", failure: view.failure ?? { message, details: [] } },
    failure: { message },
  };
}

/** Returns false if the report cannot be written; the job succeeds without it. */
function writeReportOf({ state, directory }: Job, view: JobView, warn: (message: string) => void): boolean {
  const { id } = state.settings;
  try {
    writeReport(directory.path, id, stagedName(id, reportName), `${JSON.stringify(view)}\n`);
    return true;
  } catch (error) {
    warn(`the report cannot be written: ${(error as Error).message}`);
    return false;
  }
}

/** The intermediate files to publish. They are staged only where an earlier job kept its own. */
function keptIntermediateFiles({ directory }: Job, { keepIntermediate }: CoordinatorOptions): string[] {
  if (!keepIntermediate) return [];
  const names = directory.files(["staged"]).flatMap((name) => publicNameOf(name) ?? []);
  return names.filter((name) => jobFileKind(name) === "intermediate");
}

function obsoleteFiles(job: Job, { log }: CoordinatorOptions): string[] {
  const warn = (message: string) => {
    log.warnOfData(message);
  };
  const { state, directory, sources } = job;
  // Without a prefix, the visible intermediate files belong to this job, and `settleJob` decides whether they stay.
  const ownKinds: JobFileKind[] = state.settings.intermediatePrefix === "" ? ["intermediate"] : [];
  const suffix = outputSuffixOf(job);
  const earlier = earlierFiles(directory.path, { suffix, sources, ownKinds, warn });
  const isOwn = (name: string) => jobFileKind(name, suffix) === "profile" && !isEarlierProfile(job, name);
  const obsolete = earlier.filter((name) => !isOwn(name));
  if (obsolete.length > 0) {
    const files = obsolete.length === 1 ? "a file" : `${obsolete.length} files`;
    log.info(`replaced ${files} of an earlier job in ${directory.path}`);
  }
  return obsolete;
}

/** Whether a profile is older than this job. A resumed job cannot tell, and counts every profile as its own. */
export function isEarlierProfile({ directory, state, begins }: Job, name: string): boolean {
  const stats = lstatSync(join(directory.path, name), { throwIfNoEntry: false });
  return begins === "new" && stats !== undefined && stats.mtimeMs < performance.timeOrigin + state.startedAtMs;
}

function factsOf(job: Job, snapshot: Snapshot, badRecords: number, options: CoordinatorOptions): JobFacts {
  const { state } = job;
  const { app, args, settings } = state;
  if (app === undefined || args === undefined) throw new Error("a job is done of which no app is known");
  const { engineVersion, inputs, files, partitioner, samplePercent, splitBytes, splitBytesGiven } = options;
  return {
    engineVersion,
    keptIntermediate: options.keepIntermediate,
    app,
    args,
    argsRead: Object.keys(args).filter((name) => app.args?.includes(name) === true || state.argUse.hasRead(name)),
    inputs,
    files,
    reducers: settings.reducers,
    partitioner,
    samplePercent,
    output: settings.output,
    splitBytes: job.begins !== "new" && !splitBytesGiven ? undefined : splitBytes,
    badRecordsMax: settings.badRecordsMax,
    mapTasks: state.maps.length,
    outputs: outputTasks(state).flatMap((task) => outputsOf(job, task)),
    badRecords,
    map: snapshot.map,
    reduce: snapshot.reduce,
    elapsedMs: snapshot.elapsedMs,
    earlierSteps: options.earlierSteps ?? [],
  };
}

/** Says which output a user or another program has removed or changed while the job ran. */
function lostOutput(job: Job): string | undefined {
  const { maps, reduces, settings } = job.state;
  const lost = [...reduces, ...maps].find((task) => !hasFilesOf(job, task));
  const what = lost?.kind === "map" && settings.reducers > 0 ? "a side file" : "the output";
  return lost && `${what} of ${lost.kind} task ${lost.index} was removed or changed while the job ran`;
}
