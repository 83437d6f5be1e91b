import { AppError } from "../app/app-error.js";
import { misfit } from "../app/fit.js";
import { loadApp, traitsOf } from "../app/load.js";
import type { AppFile } from "../app/resolve.js";
import type { InputFile } from "../input/files.js";
import { planSample } from "../input/sample.js";
import { sampledSplits } from "../input/sampled-splits.js";
import { planSplits } from "../input/splits.js";
import { foreseeClearing } from "../output/earlier-job.js";
import { outputSuffix, type OutputSettings } from "../output/output-format.js";
import type { Partitioner, SharedFile, Split } from "../rpc/protocol.js";

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
  readonly samplePercent?: number | undefined;
  readonly outputDirectory: string;
}

/** What a job would do, as far as that is known without doing it. */
export interface JobPlan {
  /** What the app has one call of `map` for. */
  readonly input: string;
  /** One for each map task. */
  readonly splits: readonly Split[];
  /** How many files of an earlier job would be cleared away. */
  readonly filesToClear: number;
}

/**
 * Plans a job and starts nothing: the app is loaded in this process, and its functions are not called. Throws what the job
 * itself would be refused for, an AppError or an InputError.
 */
export async function planJob(options: PlanOptions): Promise<JobPlan> {
  const { app, args = {}, inputs, splitBytes, samplePercent, reducers, partitioner, output, outputDirectory } = options;
  const loaded = await loadApp(app);
  const identity = { name: app.name, ...traitsOf(loaded) };
  const unfit = misfit(identity, { ...options, args });
  if (unfit !== undefined) throw new AppError(unfit);
  const suffix = outputSuffix(output, identity.extension);
  const filesToClear = foreseeClearing(outputDirectory, { suffix, sources: options });
  const splits = planSplits(inputs, loaded.input, splitBytes);
  if (partitioner === "range") planSample(splits, identity, reducers);
  return { input: loaded.input, splits: sampledSplits(splits, loaded.input, samplePercent), filesToClear };
}
