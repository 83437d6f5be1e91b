import { randomBytes } from "node:crypto";
import type { LoadedApp } from "../app/load.js";
import type { InputFile } from "../input/files.js";
import { JobDirectory } from "../output/directory.js";
import { commitFile } from "../output/staged-file.js";
import type { AttemptRef } from "../rpc/protocol.js";
import type { StoredFile } from "../shuffle/stored-file.js";
import { runReduceTask } from "../worker/reduce-task.js";
import { fileErrorText, isOwnFileError } from "../worker/system-error.js";
import type { AttemptResult, AttemptSettings, PreparedFile } from "../worker/task-context.js";
import { hireJanitor } from "./janitor.js";
import { endedByStrayError } from "./stray-errors.js";

export interface InProcessJob {
  readonly app: LoadedApp;
  /** Files that must not be cleared away with those of an earlier job. */
  readonly inputs: readonly InputFile[];
  readonly reducers: number;
  readonly collectorBytes: number;
  readonly outputDirectory: string;
  readonly args: Readonly<Record<string, string>>;
}

export interface InProcessReport {
  /** Absolute path of the output directory. */
  readonly directory: string;
  /** Names of the output files in it. */
  readonly outputs: readonly string[];
  readonly maps: readonly AttemptResult[];
  readonly reduces: readonly AttemptResult[];
}

/** The app threw. The message says in which task, `cause` is what it threw. */
class AppFailedError extends Error {
  override readonly name = "AppFailedError";
}

/**
 * Runs a job in this one process and thread: the map attempts as `runMaps` does it, with the settings that it is given for
 * each, then the reduce tasks over what these have made.
 *
 * Throws an InputError, an AppFailedError, or what `runMaps` throws. An earlier job's output is replaced only by a whole
 * new one.
 */
export async function runInProcess(
  job: InProcessJob,
  runMaps: (settingsOf: (ref: AttemptRef) => AttemptSettings) => Promise<readonly AttemptResult[]>,
): Promise<InProcessReport> {
  const { app, reducers } = job;
  const directory = await JobDirectory.take(job.outputDirectory, job.inputs);
  const jobId = randomBytes(4).toString("hex");
  const dismissJanitor = hireJanitor(directory, jobId);
  const settingsOf = (ref: AttemptRef): AttemptSettings => ({
    ref,
    jobId,
    reducers,
    boundaries: undefined,
    directory: directory.path,
    collectorBytes: job.collectorBytes,
    args: job.args,
    signal: new AbortController().signal,
    progress: { set: () => undefined, beginRecord: () => undefined, takeValue: () => undefined },
    marksRecords: false,
  });
  let isDone = false;
  try {
    const maps = await runMaps(settingsOf);
    const reduces: AttemptResult[] = [];
    for (let task = 0; task < reducers; task++) {
      const ofPartition = maps.flatMap(({ files }) => files).filter(({ partition }) => partition === task);
      const stored = ofPartition.map((file) => storedAtTemporaryPath(file));
      const settings = settingsOf({ kind: "reduce", task, attempt: 1 });
      reduces.push(await runNamed(`reduce task ${task}`, () => runReduceTask(app, stored, settings)));
    }
    // With the journal of a job that was stopped: to go on with that one would be to take these outputs for its own.
    directory.clear(["journal", "intermediate", "output", "bad-records", "report"]);
    for (const { temporaryPath, finalPath } of reduces.flatMap(({ files }) => files)) {
      commitFile(temporaryPath, finalPath);
    }
    isDone = true;
    return { directory: directory.path, outputs: directory.outputs(), maps, reduces };
  } finally {
    try {
      await giveBack(directory, isDone);
    } finally {
      await dismissJanitor();
    }
  }
}

async function giveBack(directory: JobDirectory, isDone: boolean): Promise<void> {
  try {
    directory.clear(["temporary"]);
  } catch (error) {
    // Files that cannot be removed are no news beside what the job has failed of.
    if (isDone) throw error;
  } finally {
    await directory.release({ removeIfEmpty: !isDone });
  }
}

/** Runs a task, and throws an AppFailedError that says in which one when the app throws. */
export async function runNamed(task: string, run: () => Promise<AttemptResult>): Promise<AttemptResult> {
  try {
    return await endedByStrayError(run);
  } catch (error) {
    throw new AppFailedError(`${task} failed: ${textOf(error)}`, { cause: error });
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return isOwnFileError(error) ? fileErrorText(error) : `${error.name}: ${error.message}`;
}

/** Nobody else reads them, so the map side's files keep their temporary names. */
function storedAtTemporaryPath({ temporaryPath, bytes, checksum }: PreparedFile): StoredFile {
  return { location: temporaryPath, bytes, checksum };
}
