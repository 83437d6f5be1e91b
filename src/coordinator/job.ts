import type { CoordinatorOptions } from "./options.js";
import { inputOf } from "../input/files.js";
import { JobDirectory } from "../output/directory.js";
import type { JobSources } from "../output/job-files.js";
import { countersOfStep, findManifest } from "../output/manifest.js";
import { type Cluster, addJob, createCluster } from "../scheduler/cluster/cluster.js";
import { combineBytesMinDefault } from "../scheduler/job/combine-tasks.js";
import type { JobState } from "../scheduler/job/job.js";
import { restore } from "../scheduler/job/restore.js";
import type { JobSettings } from "../model/job.js";
import { appDifference, differences } from "./journal/differences.js";
import { JobJournal } from "./journal/job-journal.js";
import { NothingToResumeError, ResumeError } from "./journal/resume-error.js";
import type { JobInputs } from "./journal/records.js";

/** A job as a coordinator takes it on: new, or restored from its journal. */
export interface Job {
  /** The workers of the job; it is the only job of its cluster. */
  readonly cluster: Cluster;
  readonly state: JobState;
  readonly journal: JobJournal;
  /** The coordinator holds it until the job ends. */
  readonly directory: JobDirectory;
  /** The user's files, which must survive when the output of an earlier job is removed. */
  readonly sources: JobSources;
  /**
   * Where the job begins: at its start, at the tasks that an interrupted run has left undone, or after all tasks, when that
   * run was killed between publishing the output and removing the journal.
   */
  readonly begins: "new" | "resumed" | "published";
}

const heartbeatIntervalMsMax = 1000;

/**
 * Takes the job's directory, and begins a new job there or resumes the interrupted one. Throws an InputError when it cannot
 * take the directory, and a ResumeError when `options` demand a job to resume and there is none. Then nothing has changed.
 */
export async function takeJob(options: CoordinatorOptions): Promise<Job> {
  const { taken, outputDirectory } = options;
  const directory = taken?.lend() ?? (await JobDirectory.take(outputDirectory, options));
  try {
    return resumedJob(options, directory) ?? newJob(options, directory);
  } catch (error) {
    await directory.release({ removeIfEmpty: true });
    throw error;
  }
}

/** A job whose tasks have all still to run. */
export function newJob(options: CoordinatorOptions, directory: JobDirectory): Job {
  const hidesIntermediate = findManifest(directory.path)?.keptIntermediate === true;
  const journal = JobJournal.forNewJob(inputsOf(options), hidesIntermediate, (message) => {
    options.log.warn(message);
  });
  const settings = settingsOf(options, journal.jobId, journal.intermediatePrefix, directory.path);
  const cluster = createCluster(settings.taskTimeoutMs);
  const state = addJob(cluster, settings, options.args, performance.now());
  return { journal, cluster, state, directory, sources: options, begins: "new" };
}

/** The job to resume, or undefined to begin a new one. Throws a ResumeError when `options` forbid a new one. */
function resumedJob(options: CoordinatorOptions, directory: JobDirectory): Job | undefined {
  const { resume, log } = options;
  if (resume === false) return undefined;
  try {
    const published = findManifest(directory.path)?.job;
    const job = resumeJob(options, directory.path, published);
    const isPublished = published === job.journal.jobId;
    return { ...job, directory, sources: options, begins: isPublished ? "published" : "resumed" };
  } catch (error) {
    if (resume !== "auto" || !(error instanceof ResumeError)) throw error;
    if (!(error instanceof NothingToResumeError)) log.warn(`${error.problem}: a new job begins`);
    return undefined;
  }
}

/**
 * Restores the interrupted job in a directory from its journal. Throws a ResumeError when there is none, or when its inputs
 * or options differ. `published` is the job whose output is in the directory, if any.
 */
function resumeJob(
  options: CoordinatorOptions,
  directory: string,
  published: string | undefined,
): Pick<Job, "cluster" | "state" | "journal"> {
  const now = performance.now();
  const cluster = createCluster(options.taskTimeoutMs);
  let state: JobState | undefined;
  const journal = JobJournal.takeUp(
    directory,
    ({ id, intermediatePrefix, settings }) => {
      const difference = differences(settings, inputsOf(options));
      if (difference !== undefined) {
        throw new ResumeError(`cannot resume the job in ${options.outputDirectory}: ${difference}`);
      }
      const restoredSettings = settingsOf(options, id, intermediatePrefix, directory);
      const restored = addJob(cluster, restoredSettings, options.args ?? settings.args, now);
      state = restored;
      return (record) => {
        try {
          restore(restored, record, now);
        } catch (error) {
          const text = `cannot resume the job in ${options.outputDirectory}: its journal contradicts itself`;
          throw new ResumeError(text, { advice: "leave out --resume to begin anew", cause: error });
        }
      };
    },
    (message) => {
      options.log.warn(message);
    },
  );
  if (state === undefined) throw new Error("a journal without a header");
  const { completed, maps, reduces, app, skipped, settings } = state;
  const tooMany =
    skipped.length > settings.badRecordsMax
      ? `${skipped.length} bad records are left out already, and --skip-bad-records is ${settings.badRecordsMax}`
      : undefined;
  const ofApp = appDifference(app, options.app);
  const mayChange = options.acceptsChangedApp && app?.name === options.app?.name && journal.jobId !== published;
  state.awaitsChangedApp = ofApp !== undefined && mayChange;
  const difference = (state.awaitsChangedApp ? undefined : ofApp) ?? tooMany;
  if (difference !== undefined) {
    journal.close();
    throw new ResumeError(`cannot resume the job in ${options.outputDirectory}: ${difference}`);
  }
  const tasks = `${completed.map} of ${maps.length} map tasks and ${completed.reduce} of ${reduces.length} reduce tasks`;
  options.log.info(`resuming the job${app === undefined ? "" : ` of ${app.name}: ${tasks} are done`}`);
  return { cluster, state, journal };
}

/** The options that determine the output. */
export function inputsOf(options: Omit<CoordinatorOptions, "socket" | "log">): JobInputs {
  const { inputs, reducers, partitioner, output, args, files, splitBytes, splitBytesGiven, samplePercent } = options;
  return {
    inputs: inputs.map((file) => ({ ...fileOf(file), ...inputOf(file) })),
    reducers,
    partitioner,
    output,
    ...(args === undefined ? {} : { args: { ...args } }),
    files: files.map(fileOf),
    ...(splitBytesGiven ? { splitBytes } : {}),
    ...(samplePercent === undefined ? {} : { samplePercent }),
  };
}

function fileOf({ name, path, sizeBytes, modifiedMs }: JobInputs["files"][number]): JobInputs["files"][number] {
  return { name, path, sizeBytes, modifiedMs };
}

function settingsOf(
  options: CoordinatorOptions,
  id: string,
  intermediatePrefix: string,
  directory: string,
): JobSettings {
  const { taskTimeoutMs, attemptTimeoutMs, backups, collectorBytes } = options;
  const { reducers, partitioner, output, files } = options;
  const { maxAttempts, maxCrashes, badRecordsMax, argsToRead } = options;
  return {
    id,
    reducers,
    partitioner,
    output,
    directory,
    intermediatePrefix,
    collectorBytes,
    checksCombine: options.samplePercent === undefined ? undefined : true,
    mapConcurrency: options.mapConcurrency,
    ratePerSecond: options.ratePerSecond,
    files,
    earlierCounters: options.earlierSteps?.map(countersOfStep),
    taskTimeoutMs,
    attemptTimeoutMs,
    backups,
    heartbeatIntervalMs: Math.max(1, Math.min(heartbeatIntervalMsMax, taskTimeoutMs / 5)),
    maxAttempts,
    maxCrashes,
    combineBytesMin: combineBytesMinDefault,
    badRecordsMax,
    argsToRead,
  };
}
