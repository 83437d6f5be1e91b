import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { requireWritableFile } from "../output/destination.js";
import { jobOptions } from "../local/job-options.js";
import { sourcesOf } from "./giving-way.js";
import { tellEnd } from "./job-report.js";
import * as inputs from "./inputs.js";
import { withoutThoseOfOneJob } from "./one-step-only.js";
import { Exit, exitCodes } from "./program.js";
import type { JobGiven } from "./run-options.js";
import { withStdoutAside } from "./stdout-aside.js";
import { writeTrace } from "./trace-file.js";

/** The user's command line. `path` is the name of the command. */
export interface Typed {
  readonly path: string;
  readonly apps: readonly string[];
  /** Whether to load every app to look for steps, and not only apps that seem to have steps. */
  readonly isPipeline: boolean;
  /** Run only this step of the app. */
  readonly step?: number | undefined;
  /** The arguments that name inputs; a pipeline has none. */
  readonly inputs: readonly string[];
  readonly given: JobGiven;
  readonly command: CommandUnknownOpts;
}

/**
 * Runs a job, or the steps of a pipeline, to the end, and reports the result. Throws an Exit if the job does not succeed, an
 * AppError or an InputError if it cannot begin.
 */
export async function runJobs(typed: Typed): Promise<void> {
  const { path, apps: names, isPipeline, step, given, command } = typed;
  const [{ resolveApp, mayHaveSteps }, { splitBytesFor }, { LocalRunner }] = await Promise.all([
    import("../app/resolve.js"),
    import("../input/splits.js"),
    import("./local-runner.js"),
  ]);
  const apps = names.map((name) => resolveApp(name, step));
  const [app] = apps;
  if (app === undefined) throw new Error("there is no app to run");
  const load = async () => {
    const { loadSteps } = await import("../app/steps.js");
    return withStdoutAside(() => loadSteps(apps));
  };
  // The arguments of a pipeline are its apps. Only its first app tells whether its inputs have names.
  const ofPipeline = isPipeline ? await load() : undefined;
  const all =
    ofPipeline === undefined
      ? inputs.givenNames(typed.inputs, given, command)
      : inputs.namesForPipeline(given, ofPipeline[0]?.app.inputs !== undefined);
  const files = await inputs.findGivenInputs(all, given, command);
  if (ofPipeline !== undefined || (step === undefined && mayHaveSteps(app))) {
    const [steps, { runSteps }] = await Promise.all([ofPipeline ?? load(), import("./run-steps.js")]);
    if (steps.length > 1 || steps[0]?.place.number !== undefined) {
      return runSteps({ path, steps, files, given: withoutThoseOfOneJob(given, command), command });
    }
  }
  if (given.trace !== undefined) requireWritableFile(given.trace, "the trace", files);
  const job = jobOptions(files, given, sourcesOf(command), splitBytesFor(files, given.workers));
  if (given.dryRun === true) {
    const { showPlan } = await import("./dry-run.js");
    return showPlan({ ...job, app }, given, command);
  }
  // Until here, while this process reads standard input and loads the app, a signal ends it directly.
  const runner = new LocalRunner(path, given);
  await runner.open();
  const end = await runner.run(app, job);
  await runner.close();
  const isTraced = await writeTrace(path, given.trace, end.report.view);
  await tellEnd(path, { ...end, stoppedBy: runner.stoppedBy }, given);
  if (!isTraced) throw new Exit(exitCodes.failed);
}
