/**
 * A pipeline: jobs whose input is the output of the previous one. All but the last run in their own subdirectories of
 * the output directory, `mr-step-1`, `mr-step-2`, …, and write pairs as JSON Lines.
 *
 * Like every job, a finished step has a manifest, which records its inputs and options. A pipeline that was interrupted
 * or failed needs nothing else to resume.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PipelineStep } from "../app/steps.js";
import { NothingToResumeError, ResumeError } from "../coordinator/journal/resume-error.js";
import type { ResumeMode } from "../coordinator/options.js";
import { findInputs, type InputFile } from "../input/files.js";
import { JobDirectory } from "../output/directory.js";
import { stepDirectoriesIn, type JobSources } from "../output/job-files.js";
import { removeEmptyDirectories } from "../storage/directories.js";
import { findManifest, type Manifest } from "../output/manifest.js";
import { jobFileKinds, journalName, manifestName, stepDirectoryName } from "../output/names.js";
import { verifyOutputs } from "../output/verify.js";
import type { SharedFile } from "../model/split.js";
import { hireJanitor } from "./janitor.js";

/** A step as a job. */
export interface StepJob {
  readonly step: PipelineStep;
  /** The number of the step, from 1, and the number of steps. */
  readonly number: number;
  readonly count: number;
  readonly inputs: readonly InputFile[];
  /** The inputs of the pipeline. */
  readonly pipelineInputs: readonly InputFile[];
  readonly outputDirectory: string;
  /** The pipeline's directory, which is locked: the last step runs in it, and the others in its subdirectories. */
  readonly taken: JobDirectory;
  /** The manifests of the earlier steps. */
  readonly earlierSteps: readonly Manifest[];
  /** Whether to resume what the step left when it was interrupted. */
  readonly resume: boolean;
}

export interface PipelineOptions<Report> {
  readonly steps: readonly PipelineStep[];
  readonly inputs: readonly InputFile[];
  /** The files that the apps may read beside their input. */
  readonly files: readonly SharedFile[];
  readonly outputDirectory: string;
  /** Whether to keep the results of earlier steps at the end. */
  readonly keepIntermediate: boolean;
  /** Whether to keep them for `resume` when the pipeline does not finish. */
  readonly isResumable: boolean;
  /** Whether to resume the interrupted or failed pipeline in that directory. */
  readonly resume: ResumeMode;
  /** Says how a finished step differs from the planned one; undefined when it does not. */
  readonly difference: (job: StepJob, done: Manifest) => string | undefined;
  /** Throws a ResumeError when it cannot resume the step. */
  readonly run: (job: StepJob) => Promise<Report>;
  readonly isDone: (report: Report) => boolean;
  readonly log: (message: string) => void;
}

/** A job of a pipeline, and how it ended. */
export interface StepEnd<Report> {
  readonly job: StepJob;
  readonly report: Report;
}

/**
 * Runs the steps in order until one does not succeed, and returns how each ended.
 *
 * Throws an InputError when the directory is unavailable, a ResumeError when there is nothing to resume, and the errors
 * of `run`.
 */
export async function runPipeline<Report>(options: PipelineOptions<Report>): Promise<StepEnd<Report>[]> {
  const { steps, isResumable, isDone, log } = options;
  const taken = await JobDirectory.take(options.outputDirectory, options);
  const dismissJanitor = isResumable
    ? undefined
    : hireJanitor(
        taken,
        "pipeline",
        steps.slice(1).map((_, index) => stepDirectoryName(index + 1)),
      );
  const ends: StepEnd<Report>[] = [];
  let done: Manifest[] = [];
  let isWhole = false;
  // Failing to remove files does not change how the pipeline ended.
  const isLeft = (what: string) => (error: unknown) => {
    log(`${what} of steps are left in ${options.outputDirectory}: ${(error as Error).message}`);
  };
  try {
    const found = stepsToKeep(options, taken);
    const resume = found !== undefined;
    if (resume) done = found;
    else if (options.resume === false && isInterrupted(options)) {
      log("giving up the pipeline that was interrupted here; --resume would have continued it");
    }
    done.forEach((_, index) => log(`step ${index + 1} of ${steps.length} is already done`));
    const isBegun = resume && hasJournal(directoryOf(options, done.length + 1));
    await clearSteps(options, taken, (number) => number > done.length + (isBegun ? 1 : 0));
    while (done.length < steps.length) {
      const job = jobOf(options, taken, done, isBegun && ends.length === 0);
      const report = await runStep(options, job);
      ends.push({ job, report });
      if (!isDone(report)) return ends;
      const manifest = findManifest(job.outputDirectory);
      if (manifest === undefined) throw new Error(`step ${job.number} is done but left no manifest`);
      done.push(manifest);
    }
    isWhole = true;
    if (!options.keepIntermediate) await dropResults(options, done).catch(isLeft("results"));
    return ends;
  } finally {
    if (!isWhole && !isResumable) await clearForGood(options, taken, done.length).catch(isLeft("files"));
    try {
      await taken.release({ removeIfEmpty: !isWhole });
    } finally {
      await dismissJanitor?.();
    }
  }
}

/**
 * The manifests of the finished steps when the pipeline resumes; undefined when it starts over. Throws a ResumeError
 * when `resume` rules that out.
 */
function stepsToKeep<Report>(options: PipelineOptions<Report>, taken: JobDirectory): Manifest[] | undefined {
  if (options.resume === false) return undefined;
  try {
    return stepsDone(options, taken);
  } catch (error) {
    if (options.resume !== "auto" || !(error instanceof ResumeError)) throw error;
    if (!(error instanceof NothingToResumeError)) options.log(`${error.problem}: the pipeline starts over`);
    return undefined;
  }
}

/** The manifests of the steps that need not run again, from the first one on. */
function stepsDone<Report>(options: PipelineOptions<Report>, taken: JobDirectory): Manifest[] {
  const { steps, outputDirectory, difference, log } = options;
  const done: Manifest[] = [];
  while (done.length < steps.length - 1) {
    const job = jobOf(options, taken, done, true);
    const manifest = findManifest(job.outputDirectory);
    if (manifest === undefined) break;
    const problem = difference(job, manifest) ?? verifyOutputs(job.outputDirectory).problems[0];
    if (problem !== undefined && done.length === 0) {
      throw new ResumeError(`cannot resume the pipeline in ${outputDirectory}: ${problem}`);
    }
    if (problem !== undefined) {
      log(`step ${job.number} of ${steps.length} runs again: ${problem}`);
      break;
    }
    done.push(manifest);
  }
  if (done.length > 0 || hasJournal(directoryOf(options, 1))) return done;
  throw new NothingToResumeError(
    `there is nothing to resume in ${outputDirectory}: no pipeline was interrupted there`,
    { advice: "leave out --resume, or use --resume=auto" },
  );
}

/** Whether a pipeline began in the directory after the last finished job there. */
function isInterrupted<Report>(options: PipelineOptions<Report>): boolean {
  if (options.steps.slice(1).some((_, index) => hasJournal(directoryOf(options, index + 1)))) return true;
  const [first, last] = [directoryOf(options, 1), options.outputDirectory].map(findManifest);
  return first !== undefined && (last === undefined || last.ended < first.ended);
}

/** The job of the step after the finished ones. */
function jobOf<Report>(
  options: PipelineOptions<Report>,
  taken: JobDirectory,
  done: readonly Manifest[],
  resume: boolean,
): StepJob {
  const { steps } = options;
  const step = steps[done.length];
  if (step === undefined) throw new Error("a pipeline has no step after its last");
  const number = done.length + 1;
  const last = done.at(-1);
  const made = last?.outputs.map(({ name }) => join(directoryOf(options, done.length), name));
  return {
    step,
    number,
    count: steps.length,
    inputs: made === undefined ? options.inputs : findInputs(made),
    pipelineInputs: options.inputs,
    outputDirectory: directoryOf(options, number),
    taken,
    earlierSteps: [...done],
    resume,
  };
}

/** The directory of a step, with the name of the pipeline's directory that the user knows. */
function directoryOf<Report>({ steps, outputDirectory }: PipelineOptions<Report>, number: number): string {
  return number === steps.length ? outputDirectory : join(outputDirectory, stepDirectoryName(number));
}

function hasJournal(directory: string): boolean {
  return existsSync(join(directory, journalName));
}

/** Runs a step. If it cannot be resumed, starts it over: the results of earlier steps are still valid. */
async function runStep<Report>({ run, log }: PipelineOptions<Report>, job: StepJob): Promise<Report> {
  try {
    return await run(job);
  } catch (error) {
    if (!(error instanceof ResumeError) || !job.resume || job.number === 1) throw error;
    log(`${error.message}: step ${job.number} of ${job.count} starts over`);
    return run({ ...job, resume: false });
  }
}

/**
 * Removes what cannot be resumed: all files of finished steps, and the next step's files except the reports of its
 * failure.
 */
async function clearForGood<Report>(
  options: PipelineOptions<Report>,
  taken: JobDirectory,
  done: number,
): Promise<void> {
  await clearSteps(options, taken, (number) => number <= done);
  if (options.keepIntermediate) return;
  const kinds = jobFileKinds.filter((kind) => kind !== "report");
  await clearSteps(options, taken, (number) => number > done, kinds);
}

/** Removes the files of steps, of this pipeline or an earlier one. Throws an InputError when it cannot. */
async function clearSteps<Report>(
  options: PipelineOptions<Report>,
  taken: JobDirectory,
  isUseless: (number: number) => boolean,
  kinds = jobFileKinds,
): Promise<void> {
  for (const { name } of stepDirectoriesIn(taken.path).filter(({ number }) => isUseless(number))) {
    await withDirectory(join(options.outputDirectory, name), options, (directory) => {
      directory.clear(["manifest"]);
      directory.clear(kinds);
    });
  }
}

/** Removes the intermediate results of the steps. Files for the user, such as reports, stay. */
async function dropResults<Report>(options: PipelineOptions<Report>, done: readonly Manifest[]): Promise<void> {
  for (const [index, { outputs }] of done.slice(0, -1).entries()) {
    await withDirectory(directoryOf(options, index + 1), options, (directory) => {
      directory.remove([manifestName, ...outputs.map(({ name }) => name)]);
    });
  }
}

/** Removes the directory if nothing is left in it. */
async function withDirectory(
  path: string,
  sources: JobSources,
  action: (directory: JobDirectory) => void,
): Promise<void> {
  const directory = await JobDirectory.take(path, sources);
  try {
    action(directory);
    removeEmptyDirectories([directory.path]);
  } finally {
    await directory.release({ removeIfEmpty: false });
  }
}
