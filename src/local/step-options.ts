/** Derives the options of steps from the options of the whole pipeline. */
import { join } from "node:path";
import { AppError } from "../app/app-error.js";
import { misfit } from "../app/fit.js";
import { traitsOf } from "../app/load.js";
import { missingText } from "../model/required-options.js";
import { declaredByAll, unknownArgText } from "../app/unread-args.js";
import type { PipelineStep } from "../app/steps.js";
import { InputError } from "../input/input-error.js";
import { requireNoOwnPartition } from "../input/sample.js";
import { JobDirectory } from "../output/directory.js";
import { stepDirectoriesIn, type JobSources } from "../output/job-files.js";
import { outputOf, outputSuffix, type OutputSettings } from "../model/output-format.js";
import type { Partitioner } from "../model/job.js";
import type { StepJob } from "./pipeline.js";

/** The job options that have other values in the steps of a pipeline. */
interface OptionsOfJob {
  readonly reducers: number;
  readonly partitioner: Partitioner;
  readonly output: OutputSettings;
  readonly samplePercent?: number | undefined;
  readonly args?: Readonly<Record<string, string>> | undefined;
  /** The names of the args that at least one step must read; undefined for all. */
  readonly argsToRead?: readonly string[] | undefined;
}

/** Returns the options of a step, given the options of the whole pipeline. */
export function optionsOfStep(job: StepJob, ofAll: OptionsOfJob) {
  const { reducers, partitioner, output, samplePercent, args = {}, argsToRead = Object.keys(args) } = ofAll;
  const { step, number, count, inputs, pipelineInputs, outputDirectory, taken, earlierSteps } = job;
  const isLast = number === count;
  const isRead = (name: string) => earlierSteps.some(({ argsRead = [] }) => argsRead.includes(name));
  return {
    inputs,
    pipelineInputs,
    outputDirectory,
    earlierSteps,
    taken: isLast ? taken : undefined,
    reducers: step.reducers ?? reducers,
    // Order does not matter in the input of the next step.
    partitioner: isLast ? partitioner : "hash",
    output: isLast ? output : ({ format: "jsonl" } as const),
    samplePercent: number === 1 ? samplePercent : undefined,
    // One step that has read it is enough.
    argsToRead: isLast ? argsToRead.filter((name) => !isRead(name)) : [],
  } as const;
}

/**
 * Throws an AppError or an InputError when the options of the whole pipeline do not fit its steps. Call it before any
 * step runs: options for the output concern the last step, which may be hours away.
 */
export function requireFit(
  steps: readonly PipelineStep[],
  {
    reducers,
    partitioner,
    output,
    outputDirectory,
    inputs,
    args = {},
    argsToRead = Object.keys(args),
    files,
  }: OptionsOfJob &
    JobSources & {
      readonly outputDirectory: string;
      readonly args: Readonly<Record<string, string>> | undefined;
    },
): void {
  // It would be ambiguous which steps that means.
  if (reducers === 0 && steps.length > 1 && steps.some((step) => step.reducers === undefined)) {
    throw new InputError("-r 0 is not for pipelines: for a step without reduce tasks, export no reduce");
  }
  for (const { file, app } of steps) {
    const missing = missingText(file.name, app.needs, { args, files });
    if (missing !== undefined) throw new AppError(missing);
  }
  const declared = declaredByAll(steps.map(({ app }) => app));
  const unknown = unknownArgText(steps[0]?.file.name.replace(/, step \d+$/, "") ?? "", declared, argsToRead);
  if (unknown !== undefined) throw new AppError(unknown);
  const last = steps.at(-1);
  if (last === undefined) return;
  const app = { name: last.file.name, ...traitsOf(last.app) };
  const unfit = misfit(app, { reducers: last.reducers ?? reducers, output, args, argsToRead: [], files });
  if (unfit !== undefined) throw new AppError(unfit);
  if (partitioner === "range") requireNoOwnPartition(app);
  const sources = { inputs, files };
  const there = JobDirectory.foresee(
    outputDirectory,
    sources,
    outputSuffix(outputOf(output, app.layout), app.extension),
  );
  // Before any directory is cleared.
  for (const { name } of there === undefined ? [] : stepDirectoriesIn(there)) {
    JobDirectory.foresee(join(outputDirectory, name), sources);
  }
}
