/** What the options of a whole pipeline are to its steps. */
import { join } from "node:path";
import { AppError } from "../app/app-error.js";
import { misfit } from "../app/fit.js";
import { traitsOf } from "../app/load.js";
import { missingText } from "../app/needs.js";
import { declaredByAll, unknownArgText } from "../app/unread-args.js";
import type { PipelineStep } from "../app/steps.js";
import { InputError } from "../input/input-error.js";
import { requireNoOwnPartition } from "../input/sample.js";
import { JobDirectory } from "../output/directory.js";
import { stepDirectoriesIn, type JobSources } from "../output/job-files.js";
import { outputSuffix, type OutputSettings } from "../output/output-format.js";
import type { Partitioner } from "../rpc/protocol.js";
import type { StepJob } from "./pipeline.js";

/** The options of a job that have other values in the steps of a pipeline. */
interface OptionsOfJob {
  readonly reducers: number;
  readonly partitioner: Partitioner;
  readonly output: OutputSettings;
  readonly samplePercent?: number | undefined;
  readonly args?: Readonly<Record<string, string>> | undefined;
  /** The names of those that one of the steps must read; undefined for all. */
  readonly argsToRead?: readonly string[] | undefined;
}

/** The options of a step, where those are given of the whole pipeline. */
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
    // Nobody looks for order in what only goes on to the next step.
    partitioner: isLast ? partitioner : "hash",
    output: isLast ? output : ({ format: "jsonl" } as const),
    samplePercent: number === 1 ? samplePercent : undefined,
    // It is enough when one of the steps has read it.
    argsToRead: isLast ? argsToRead.filter((name) => !isRead(name)) : [],
  } as const;
}

/**
 * Throws an AppError or an InputError when the options of the whole pipeline do not fit its steps. To be called before any of
 * them is run: what is said of the output is about the last one, which may be hours away.
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
  // Nobody could tell which of the steps are meant by that.
  if (reducers === 0 && steps.length > 1 && steps.some((step) => step.reducers === undefined)) {
    throw new InputError("-r 0 is not for pipelines: a step without reduce tasks is one that exports no reduce");
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
  const there = JobDirectory.foresee(outputDirectory, sources, outputSuffix(output, app.extension));
  // Before one of them is cleared.
  for (const { name } of there === undefined ? [] : stepDirectoriesIn(there)) {
    JobDirectory.foresee(join(outputDirectory, name), sources);
  }
}
