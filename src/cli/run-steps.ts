import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { PipelineStep } from "../app/steps.js";
import type { InputFile } from "../input/files.js";
import { splitBytesFor } from "../input/splits.js";
import { differenceFromDone } from "../local/finished-step.js";
import { runPipeline, type StepJob } from "../local/pipeline.js";
import type { RunEnd } from "../local/run.js";
import { optionsOfStep, requireFit } from "../local/step-options.js";
import { areKept, groupBytesOf, jobOptions, reducersOfSteps } from "../local/job-options.js";
import { sourcesOf } from "./giving-way.js";
import type { JobGiven } from "./run-options.js";
import { tellDone, tellEnd, type JobEnd } from "./job-report.js";
import { LocalRunner } from "./local-runner.js";

interface StepsToRun {
  readonly path: string;
  readonly steps: readonly PipelineStep[];
  readonly files: readonly InputFile[];
  readonly given: JobGiven;
  readonly command: CommandUnknownOpts;
}

/** Runs the steps of a pipeline, and reports how each ended. Throws the errors of `runJobs`. */
export async function runSteps({ path, steps, files, given, command }: StepsToRun): Promise<void> {
  const { keepIntermediate = false, outputDir: outputDirectory } = given;
  const reducers = reducersOfSteps(given, steps.length, sourcesOf(command));
  // Output settings apply to the last step.
  const last = { ...given, reducers: steps.at(-1)?.reducers ?? reducers };
  const ofAll = { ...jobOptions(files, last, sourcesOf(command), splitBytesFor(files, given.workers)), reducers };
  requireFit(steps, ofAll);
  if (given.dryRun === true) {
    const { showPlan } = await import("./dry-run.js");
    const [first] = steps;
    if (first === undefined) throw new Error("a pipeline has no steps");
    const own = { app: first.file, reducers: first.reducers ?? reducers } as const;
    return showPlan({ ...ofAll, ...own, partitioner: "hash", output: {}, steps: steps.length }, given, command);
  }
  const runner = new LocalRunner(path, given);
  const optionsOf = (job: StepJob) => {
    const splitBytes = given.splitSize ?? splitBytesFor(job.inputs, given.workers);
    const own = { ...ofAll, splitBytes, groupBytes: groupBytesOf(job.inputs, given) };
    return { ...own, ...optionsOfStep(job, ofAll), app: job.step.file, resume: job.resume };
  };
  const isResumable = areKept(files);
  const endOf = ({ number, count }: StepJob, { report, poolFailure }: RunEnd): JobEnd => ({
    report,
    poolFailure,
    stoppedBy: runner.stoppedBy,
    step: { number, count, isResumable },
  });
  await runner.open();
  const ends = await runPipeline({
    ...{ steps, inputs: files, files: ofAll.files, outputDirectory, keepIntermediate, isResumable },
    resume: ofAll.resume,
    difference: (job, done) => differenceFromDone(done, optionsOf(job)),
    async run(job) {
      const end = await runner.run(job.step.file, optionsOf(job), job.taken);
      if (isDone(end) && job.number < job.count) await tellDone(path, endOf(job, end), given);
      return end;
    },
    isDone,
    log: runner.log,
  });
  await runner.close();
  const end = ends.at(-1);
  if (end === undefined) throw new Error("the pipeline ended, but none of its steps ran");
  const earlierSteps = ends.slice(0, -1).map(({ report }) => report.report);
  await tellEnd(path, { ...endOf(end.job, end.report), earlierSteps }, given);
}

function isDone({ report }: RunEnd): boolean {
  return report.snapshot.phase === "done";
}
