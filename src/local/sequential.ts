import { loadApp } from "../app/load.js";
import type { AppFile } from "../app/resolve.js";
import { sourceOfSplit } from "../input/records.js";
import { planSplits } from "../input/splits.js";
import { runMapTask } from "../worker/map-task.js";
import type { AttemptResult } from "../worker/task-context.js";
import { runInProcess, runNamed, type InProcessJob, type InProcessReport } from "./in-process-job.js";

export type SequentialOptions = Omit<InProcessJob, "app" | "appFile"> & {
  readonly app: AppFile;
  readonly splitBytes: number;
};

/**
 * Runs a job in this one process and thread, task after task, without coordinator, workers or retries: for debugging an
 * app, and as the answer that a distributed run must give, byte for byte and partition by partition, when the files are
 * cut into the same splits or it does not matter where.
 *
 * Throws an AppError, an InputError, or an AppFailedError. An earlier job's output is replaced only by a whole new one.
 */
export async function runSequentially(options: SequentialOptions): Promise<InProcessReport> {
  const app = await loadApp(options.app.path);
  const splits = planSplits(options.inputs, app.input, options.splitBytes);
  return runInProcess({ ...options, app, appFile: options.app }, async (settingsOf) => {
    const maps: AttemptResult[] = [];
    for (const [task, split] of splits.entries()) {
      const settings = settingsOf({ kind: "map", task, attempt: 1 });
      const run = () => runMapTask(app, sourceOfSplit(split, app.input), settings);
      maps.push(await runNamed(`map task ${task} (${split.file})`, run));
    }
    return maps;
  });
}
