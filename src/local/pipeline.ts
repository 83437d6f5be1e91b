/**
 * A pipeline: jobs of which each has what the one before has made for its input. All but the last run in directories of
 * their own in the output directory, `mr-step-1`, `mr-step-2`, …, and their outputs are pairs, as JSON Lines.
 *
 * A step that is done says so by its manifest, as every job does, with what it was made of. So nothing else has to be
 * remembered for a pipeline to go on where it was interrupted, or has failed.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PipelineStep } from "../app/steps.js";
import { NothingToResumeError, ResumeError } from "../coordinator/journal/resume-error.js";
import type { ResumeMode } from "../coordinator/options.js";
import { findInputs, type InputFile } from "../input/files.js";
import { JobDirectory } from "../output/directory.js";
import { stepDirectoriesIn, type JobSources } from "../output/job-files.js";
import { removeEmptyDirectories } from "../output/make-directory.js";
import { findManifest, type Manifest } from "../output/manifest.js";
import { jobFileKinds, journalName, manifestName, stepDirectoryName } from "../output/names.js";
import { verifyOutputs } from "../output/verify.js";
import type { SharedFile } from "../rpc/protocol.js";
import { hireJanitor } from "./janitor.js";

/** A step as a job. */
export interface StepJob {
  readonly step: PipelineStep;
  /** Which one it is, from 1, of how many. */
  readonly number: number;
  readonly count: number;
  readonly inputs: readonly InputFile[];
  /** Those of the pipeline. */
  readonly pipelineInputs: readonly InputFile[];
  readonly outputDirectory: string;
  /** The pipeline's directory, which is taken: the last step's own, and that around those of the others. */
  readonly taken: JobDirectory;
  /** Of the steps before it. */
  readonly earlierSteps: readonly Manifest[];
  /** Whether it is to go on with what it has left when it was interrupted. */
  readonly resume: boolean;
}

export interface PipelineOptions<Report> {
  readonly steps: readonly PipelineStep[];
  readonly inputs: readonly InputFile[];
  /** The files that the apps may read beside their input. */
  readonly files: readonly SharedFile[];
  readonly outputDirectory: string;
  /** Whether what the steps have made for each other is kept at the end. */
  readonly keepIntermediate: boolean;
  /** Whether it is kept for `resume` when the pipeline does not come to its end. */
  readonly isResumable: boolean;
  /** Whether to go on with the pipeline that was interrupted, or has failed, in that directory. */
  readonly resume: ResumeMode;
  /** In what a step that is done differs from what it is to be; undefined when in nothing. */
  readonly difference: (job: StepJob, done: Manifest) => string | undefined;
  /** Throws a ResumeError when it cannot go on with what it has left. */
  readonly run: (job: StepJob) => Promise<Report>;
  readonly isDone: (report: Report) => boolean;
  readonly log: (message: string) => void;
}

/** One of the jobs of a pipeline, and how it has ended. */
export interface StepEnd<Report> {
  readonly job: StepJob;
  readonly report: Report;
}

/**
 * Runs the steps in order, up to the first that does not end well, and returns how each of those that ran has ended.
 *
 * Throws an InputError when the directory cannot be had, a ResumeError when there is nothing to go on with, and what `run`
 * throws.
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
  // How the pipeline has ended does not depend on whether files can be removed.
  const isLeft = (what: string) => (error: unknown) => {
    log(`${what} of steps are left in ${options.outputDirectory}: ${(error as Error).message}`);
  };
  try {
    const found = stepsToKeep(options, taken);
    const resume = found !== undefined;
    if (resume) done = found;
    else if (options.resume === false && isInterrupted(options)) {
      log("the pipeline that was interrupted here is given up; --resume would have gone on with it");
    }
    done.forEach((_, index) => log(`step ${index + 1} of ${steps.length} is done already`));
    const isBegun = resume && hasJournal(directoryOf(options, done.length + 1));
    await clearSteps(options, taken, (number) => number > done.length + (isBegun ? 1 : 0));
    while (done.length < steps.length) {
      const job = jobOf(options, taken, done, isBegun && ends.length === 0);
      const report = await runStep(options, job);
      ends.push({ job, report });
      if (!isDone(report)) return ends;
      const manifest = findManifest(job.outputDirectory);
      if (manifest === undefined) throw new Error(`step ${job.number} is done and has left no manifest`);
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
 * The manifests of the steps that are done already, when the pipeline is to go on; undefined when it begins anew. Throws a
 * ResumeError when that is not wanted.
 */
function stepsToKeep<Report>(options: PipelineOptions<Report>, taken: JobDirectory): Manifest[] | undefined {
  if (options.resume === false) return undefined;
  try {
    return stepsDone(options, taken);
  } catch (error) {
    if (options.resume !== "auto" || !(error instanceof ResumeError)) throw error;
    if (!(error instanceof NothingToResumeError)) options.log(`${error.problem}: the pipeline begins anew`);
    return undefined;
  }
}

/** The manifests of the steps that need not be run again, from the first one on. */
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
      log(`step ${job.number} of ${steps.length} is run again: ${problem}`);
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

/** Whether a pipeline was begun in the directory after the last job that is done there. */
function isInterrupted<Report>(options: PipelineOptions<Report>): boolean {
  if (options.steps.slice(1).some((_, index) => hasJournal(directoryOf(options, index + 1)))) return true;
  const [first, last] = [directoryOf(options, 1), options.outputDirectory].map(findManifest);
  return first !== undefined && (last === undefined || last.ended < first.ended);
}

/** The job of the step that follows those that are done. */
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

/** Where a step runs, as people know the pipeline's directory. */
function directoryOf<Report>({ steps, outputDirectory }: PipelineOptions<Report>, number: number): string {
  return number === steps.length ? outputDirectory : join(outputDirectory, stepDirectoryName(number));
}

function hasJournal(directory: string): boolean {
  return existsSync(join(directory, journalName));
}

/** Runs a step; anew when what it has left is of no use: that of the steps before it still is. */
async function runStep<Report>({ run, log }: PipelineOptions<Report>, job: StepJob): Promise<Report> {
  try {
    return await run(job);
  } catch (error) {
    if (!(error instanceof ResumeError) || !job.resume || job.number === 1) throw error;
    log(`${error.message}: step ${job.number} of ${job.count} begins anew`);
    return run({ ...job, resume: false });
  }
}

/** Removes what nobody can go on with: all of the steps that are done, and of the next one all but why it was the last. */
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

/** Removes what steps have left, this pipeline's or those of another one. Throws an InputError when it cannot. */
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

/** Removes what the steps have made for each other. What they have left for people, such as reports, stays. */
async function dropResults<Report>(options: PipelineOptions<Report>, done: readonly Manifest[]): Promise<void> {
  for (const [index, { outputs }] of done.slice(0, -1).entries()) {
    await withDirectory(directoryOf(options, index + 1), options, (directory) => {
      directory.remove([manifestName, ...outputs.map(({ name }) => name)]);
    });
  }
}

/** The directory is removed when nothing is left in it. */
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
