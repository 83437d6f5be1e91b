import { AppError } from "../app/app-error.js";
import { misfit } from "../app/fit.js";
import { loadApp, traitsOf } from "../app/load.js";
import type { AppFile } from "../app/resolve.js";
import type { ContentSharing } from "../input/content-splits.js";
import type { InputFile } from "../input/files.js";
import { planInputs } from "../input/map-inputs.js";
import { planSample } from "../input/sample.js";
import { foreseeClearing } from "../output/earlier-job.js";
import { outputOf, outputSuffix, type OutputSettings } from "../model/output-format.js";
import type { AppInputs } from "../model/input-kinds.js";
import type { Partitioner } from "../model/job.js";
import type { SharedFile, Split } from "../model/split.js";

export interface PlanOptions {
  readonly app: AppFile;
  readonly args: Readonly<Record<string, string>> | undefined;
  readonly reducers: number;
  readonly partitioner: Partitioner;
  readonly output: OutputSettings;
  readonly inputs: readonly InputFile[];
  /** The files that the app may read beside its input. */
  readonly files: readonly SharedFile[];
  readonly splitBytes: number;
  readonly groupBytes: number;
  /** How map tasks share compressed files; undefined for a task per file. */
  readonly contentSharing?: ContentSharing | undefined;
  readonly samplePercent?: number | undefined;
  readonly outputDirectory: string;
}

/** The plan of a job, as far as it is known without running the job. */
export interface JobPlan {
  /** The app, which declares what each call of `map` receives. */
  readonly app: AppInputs;
  /** The splits of each map task. */
  readonly tasks: readonly (readonly Split[])[];
  /** How many files of an earlier job would be cleared away. */
  readonly filesToClear: number;
}

/**
 * Plans a job without starting anything: loads the app in this process, but does not call its functions. Throws the
 * AppError or InputError with which the job itself would be rejected.
 */
export async function planJob(options: PlanOptions): Promise<JobPlan> {
  const { app, args = {}, reducers, partitioner, output, outputDirectory } = options;
  const loaded = await loadApp(app);
  const identity = { name: app.name, ...traitsOf(loaded) };
  const unfit = misfit(identity, { ...options, args });
  if (unfit !== undefined) throw new AppError(unfit);
  const suffix = outputSuffix(outputOf(output, identity.layout), identity.extension);
  const filesToClear = foreseeClearing(outputDirectory, { suffix, sources: options });
  const { all, tasks } = await planInputs({ ...options, app: identity });
  if (partitioner === "range") planSample(all, identity, reducers);
  return { app: identity, tasks, filesToClear };
}
