import type { LoadedApp } from "../app/load.js";
import type { AppFile } from "../app/resolve.js";
import type { InputFile } from "../input/files.js";
import { InputError } from "../input/input-error.js";
import { sourceOfRecord } from "../input/stored-record.js";
import { readBadRecords, type KeptRecord } from "../output/bad-records.js";
import { inputText } from "../model/input-kinds.js";
import type { Split } from "../model/split.js";
import { runMapTask } from "../worker/map-task.js";
import type { AttemptResult } from "../worker/task-context.js";
import type { DebuggerAddress } from "./debugger.js";
import { loadInProcess, runInProcess, type InProcessJob, type InProcessReport } from "./in-process-job.js";

export type ReplayOptions = Omit<InProcessJob, "app" | "appFile" | "inputs"> & {
  readonly app: AppFile;
  /** Where to wait for a debugger; undefined for none. */
  readonly inspect?: DebuggerAddress | undefined;
  /** The file of bad records that a job left. */
  readonly records: InputFile;
  /** Called for each record in order: before it is mapped, and with the result. */
  readonly onBegin: (record: KeptRecord) => void;
  readonly onPassed: (pairs: number) => void;
  readonly onFailed: (error: unknown) => void;
};

export type ReplayReport = InProcessReport & { readonly passed: number; readonly failed: number };

/**
 * Runs an app over the records that a job skipped, in this process and thread. Each record is an attempt of its own and
 * reaches `map` as it did in the job, so a record that fails leaves no pair. Then reduces what the others emitted.
 *
 * Throws an AppError, an InputError when the file is damaged or empty, both before anything runs, or an AppFailedError
 * when `reduce` throws.
 */
export async function replayBadRecords(options: ReplayOptions): Promise<ReplayReport> {
  const { records, onBegin, onPassed, onFailed } = options;
  const app = await loadInProcess(options.app, options.inspect);
  requireReplayable(records, options.app.name, app);
  let failed = 0;
  const job = { ...options, app, appFile: options.app, inputs: [records] };
  const report = await runInProcess(job, async (runAttempt) => {
    const passed: AttemptResult[] = [];
    let number = 0;
    for (const record of readBadRecords(records.path)) {
      number += 1;
      const ref = { kind: "map", task: record.task, attempt: 1 } as const;
      // Many records belong to the same attempt of the same task, and their files must not collide.
      const ownFiles = `-${number}`;
      onBegin(record);
      try {
        const source = sourceOfRecord({ ...record, split: wholeFileOf(record) }, app);
        const result = await runAttempt(ref, (settings) => {
          return runMapTask(app, source, { ...settings, jobId: settings.jobId + ownFiles });
        });
        passed.push(result);
        onPassed(result.recordsOut);
      } catch (error) {
        failed += 1;
        onFailed(error);
      }
    }
    return passed;
  });
  return { ...report, passed: report.maps.length, failed };
}

function wholeFileOf({ file, path, inputName, compression, encoding }: KeptRecord): Split {
  return {
    ...{ file, path, startBytes: 0, endBytes: Number.MAX_SAFE_INTEGER },
    ...(inputName === undefined ? {} : { input: inputName }),
    ...(compression === undefined ? {} : { compression }),
    ...(encoding === undefined ? {} : { encoding }),
  };
}

/** Checks the whole file before the first record runs. */
function requireReplayable({ name, path }: InputFile, appName: string, app: LoadedApp): void {
  let number = 0;
  for (const { input, inputName } of readBadRecords(path)) {
    number += 1;
    const named = inputName === undefined ? app : app.inputs?.[inputName];
    if (input === named?.input) continue;
    const wanted = inputName === undefined ? `input "${input}"` : `inputs ${inputName}: ${input}`;
    const own = app.input === undefined ? inputText(app) : `"${app.input}"`;
    throw new InputError(`${name}: line ${number} is a record of an app with ${wanted}, but ${appName} has ${own}`);
  }
  if (number === 0) throw new InputError(`${name} contains no records`);
}
