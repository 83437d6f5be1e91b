import { Command } from "@commander-js/extra-typings";
import type { AppFile } from "../app/resolve.js";
import type { PipelineStep } from "../app/steps.js";
import { contentSharingFor } from "../input/content-splits.js";
import type { DebuggerAddress } from "../local/debugger.js";
import type { InProcessReport } from "../local/in-process-job.js";
import type { SequentialOptions } from "../local/sequential.js";
import { badRecordsName } from "../output/names.js";
import type { SummaryPlaces } from "../status/summary.js";
import { packageVersion } from "../local/version.js";
import { sourcesOf } from "./giving-way.js";
import * as inputs from "./inputs.js";
import * as options from "./options.js";
import { withoutThoseOfOneJob } from "./one-step-only.js";
import { outputsText, placeText } from "./outputs-text.js";
import { workersDefault } from "../machine/budget.js";
import {
  argsToRead,
  groupBytesOf,
  outputSettings,
  partitionerOf,
  reducersOfSteps,
  samplePercentOf,
} from "../local/job-options.js";
import { profileDestination } from "./profile-destination.js";
import { exitCodes, say } from "./program.js";
import { makeOutputSynchronous } from "./synchronous-output.js";
import { warnOfDebugger } from "./warn-of-debugger.js";

/** `mr sequential`: runs a job in one process. */
export function sequentialCommand() {
  const path = "mr sequential";
  return new Command("sequential")
    .description("Run a job in this process, task after task: to debug an app, or to check a distributed run.")
    .argument("<app>", "a JavaScript or TypeScript module with map and reduce, or the name of a bundled app such as wc")
    .addArgument(inputs.inputNames())
    .addOption(inputs.namedInput())
    .addOption(inputs.inputsFrom())
    .addOption(inputs.inputsFrom0())
    .addOption(inputs.recursive())
    .addOption(options.step())
    .addOption(options.reducers())
    .addOption(options.partitioner())
    .addOption(options.outputDirectory("mr-output"))
    .addOption(options.outputFormat())
    .addOption(options.values())
    .addOption(options.compress())
    .addOption(options.arg())
    .addOption(options.file())
    .addOption(options.splitSize(false))
    .addOption(options.noGroup())
    .addOption(options.sample())
    .addOption(options.memory(1))
    .addOption(options.mapConcurrency())
    .addOption(options.ratePerSecond())
    .addOption(options.inspect())
    .addOption(options.cpuProf())
    .addOption(options.quiet())
    .addOption(options.debug())
    .addHelpText(
      "after",
      `
The first error ends the job; nothing is retried. A distributed run with the same --split-size produces the same bytes.

Examples:
  $ ${path} wc pg-*.txt
  $ ${path} --inspect ./my-app.ts one-file.txt      # stops in the debugger at the first record`,
    )
    .action(async (typed, names, given, command) => {
      const sourceOf = sourcesOf(command);
      makeOutputSynchronous();
      const { arg, file = [], outputDir, quiet, splitSize, memory, inspect } = given;
      const samplePercent = samplePercentOf(given);
      const [{ resolveApp, mayHaveSteps }, { findSharedFiles }, { splitBytesDefault }, { runSequentially }] =
        await Promise.all([
          import("../app/resolve.js"),
          import("../input/shared-files.js"),
          import("../input/splits.js"),
          import("../local/sequential.js"),
        ]);
      const app = resolveApp(typed, given.step);
      const found = await inputs.findGivenInputs(inputs.givenNames(names, given, command), given, command);
      const files = findSharedFiles(file);
      const profiles = profileDestination(given);
      warnOfDebugger(path, inspect);
      let isDone = false;
      const onEarlyExit = () => {
        sayEarlyExit(isDone ? outputDir : undefined);
      };
      process.once("exit", onEarlyExit);
      const splitBytes = splitSize ?? splitBytesDefault;
      const job = {
        app,
        inputs: found,
        output: outputSettings(given, sourceOf),
        splitBytes,
        groupBytes: groupBytesOf(found, { ...given, ...workersDefault() }),
        contentSharing: contentSharingFor({ splitSize }),
        samplePercent,
        collectorBytes: memory,
        outputDirectory: outputDir,
        args: arg ?? {},
        argsToRead: argsToRead(sourceOf),
        files,
        mapConcurrency: given.mapConcurrency,
        ratePerSecond: given.ratePerSecond,
        inspect,
        profiles,
        engineVersion: packageVersion(),
        warn: (message: string) => say(path, message),
      };
      const run = async (own: SequentialOptions, name = "", next?: string) => {
        const startedMs = performance.now();
        const report = await runSequentially({ ...own, onCommitted: () => (isDone = next === undefined) });
        const elapsedMs = performance.now() - startedMs;
        const { directory, outputs, sideFiles } = report;
        const places = {
          outputs: next ?? outputsText(directory, outputs, sideFiles),
          badRecords: placeText(directory, badRecordsName),
        };
        if (!quiet) say(path, name + (await summaryOf(report, elapsedMs, own.samplePercent, places)));
        return report;
      };
      try {
        const steps = given.step === undefined && mayHaveSteps(app) ? await loadStepsIn(app, inspect) : [];
        const ofSteps = reducersOfSteps(given, steps.length, sourceOf);
        const partitioner = partitionerOf({ ...given, reducers: steps.at(-1)?.reducers ?? ofSteps }, sourceOf);
        const whole = { ...job, reducers: ofSteps, partitioner };
        if (steps[0]?.place.number === undefined) await run(whole);
        else {
          withoutThoseOfOneJob(given, command);
          await runSteps(steps, { ...whole, profiles: undefined }, run);
        }
      } finally {
        process.off("exit", onEarlyExit);
      }
    });
}

/** With `inspect`, first waits for the debugger: the user may want to debug the module from its first line. */
async function loadStepsIn(app: AppFile, inspect: DebuggerAddress | undefined): Promise<PipelineStep[]> {
  if (inspect !== undefined) await (await import("../local/debugger.js")).awaitDebugger(inspect);
  const { loadSteps } = await import("../app/steps.js");
  return loadSteps([app]);
}

/** A pipeline that does not complete leaves nothing behind. */
async function runSteps(
  steps: readonly PipelineStep[],
  job: SequentialOptions,
  run: (step: SequentialOptions, name: string, next?: string) => Promise<InProcessReport>,
): Promise<void> {
  const [{ runPipeline }, { optionsOfStep, requireFit }] = await Promise.all([
    import("../local/pipeline.js"),
    import("../local/step-options.js"),
  ]);
  requireFit(steps, job);
  await runPipeline({
    ...{ steps, inputs: job.inputs, files: job.files, outputDirectory: job.outputDirectory },
    ...{ keepIntermediate: false, isResumable: false, resume: false },
    difference: () => undefined,
    run: (step) => {
      const own = { ...job, ...optionsOfStep(step, job), app: step.step.file };
      const next = step.number < step.count ? `step ${step.number + 1}` : undefined;
      return run(own, `step ${step.number} of ${step.count} `, next);
    },
    isDone: () => true,
    log: job.warn,
  });
}

/** The app runs in this process, and may end it with any exit code. `whole` is the place of the output if it is complete. */
function sayEarlyExit(whole: string | undefined): void {
  const output = whole === undefined ? "there is no output" : `the job was done, and its whole output is in ${whole}`;
  say("mr sequential", `the app ended the process (does it call process.exit?): ${output}`);
  process.exitCode = whole === undefined ? exitCodes.failed : exitCodes.done;
}

async function summaryOf(
  { maps, reduces, totals, warnings }: InProcessReport,
  elapsedMs: number,
  samplePercent: number | undefined,
  places: SummaryPlaces,
): Promise<string> {
  const { summary } = await import("../status/summary.js");
  return summary(
    {
      maps: { total: maps.length },
      reduces: { total: reduces.length },
      ...totals,
      attempts: { failed: 0, crashed: 0, backup: 0, backupWon: 0, backupSavedMs: 0 },
      mapsLost: 0,
      recordsSkipped: 0,
      warnings,
      elapsedMs,
      samplePercent,
      advice: [],
    },
    places,
  );
}
