import { traitsOf, type LoadedApp } from "../app/load.js";
import type { AppFile } from "../app/resolve.js";
import { type KeySample, boundariesOf } from "../scheduler/job/boundaries.js";
import { taskName } from "../scheduler/job/task.js";
import type { ContentSharing } from "../input/content-splits.js";
import { planInputs } from "../input/map-inputs.js";
import { sourceOfSplits } from "../input/records.js";
import { planSample } from "../input/sample.js";
import type { Partitioner } from "../model/job.js";
import type { Split } from "../model/split.js";
import { runMapTask } from "../worker/map-task.js";
import { runSampleTask } from "../worker/sample-task.js";
import type { AttemptResult } from "../worker/task-context.js";
import type { DebuggerAddress } from "./debugger.js";
import {
  loadInProcess,
  runInProcess,
  runNamed,
  type AttemptRunner,
  type InProcessJob,
  type InProcessReport,
} from "./in-process-job.js";

export type SequentialOptions = Omit<InProcessJob, "app" | "appFile"> & {
  readonly app: AppFile;
  readonly splitBytes: number;
  readonly groupBytes: number;
  /** How map tasks share compressed files; undefined for a task per file. */
  readonly contentSharing?: ContentSharing | undefined;
  readonly partitioner: Partitioner;
  /** Where to wait for a debugger; undefined for none. */
  readonly inspect?: DebuggerAddress | undefined;
  /** As in the coordinator's options. */
  readonly samplePercent?: number | undefined;
};

/**
 * Runs a job in this process and thread, task after task, without coordinator, workers or retries. It serves to debug
 * an app, and gives the result that a distributed run must give, byte for byte and partition by partition, provided the
 * files are cut into the same splits or the cuts do not matter.
 *
 * Throws an AppError, an InputError, or an AppFailedError.
 */
export async function runSequentially(options: SequentialOptions): Promise<InProcessReport> {
  const app = await loadInProcess(options.app, options.inspect);
  const { reducers, partitioner } = options;
  const identity = { name: options.app.name, ...traitsOf(app) };
  const { all, tasks } = await planInputs({ ...options, app: identity });
  const sample = partitioner === "range" ? planSample(all, identity, reducers) : undefined;
  return runInProcess({ ...options, app, appFile: options.app }, async (runAttempt) => {
    const boundaries = sample && boundariesOf(await takeSample(app, sample, runAttempt), reducers);
    const maps: AttemptResult[] = [];
    for (const [task, splits] of tasks.entries()) {
      const ref = { kind: "map", task, attempt: 1 } as const;
      const source = sourceOfSplits(splits, app);
      const run = () => runAttempt(ref, (settings) => runMapTask(app, source, { ...settings, boundaries }));
      maps.push(await runNamed(taskName({ kind: "map", index: task, splits }), run));
    }
    return maps;
  });
}

/** Takes the same sample as the sample tasks of a distributed job. */
async function takeSample(
  app: LoadedApp,
  sample: readonly (readonly Split[])[],
  runAttempt: AttemptRunner,
): Promise<KeySample[]> {
  const found: KeySample[] = [];
  for (const [task, places] of sample.entries()) {
    const ref = { kind: "sample", task, attempt: 1 } as const;
    const run = () => runAttempt(ref, (settings) => runSampleTask(app, places, settings));
    const { sampled = [], recordsOut } = await runNamed(`sample task ${task}`, run);
    found.push({ keys: sampled, pairs: recordsOut });
  }
  return found;
}
