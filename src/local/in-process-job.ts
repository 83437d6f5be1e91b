import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import type { LoadedApp } from "../app/load.js";
import type { InputFile } from "../input/files.js";
import { JobDirectory } from "../output/directory.js";
import { commitFile } from "../output/staged-file.js";
import type { AttemptRef, SharedFile } from "../rpc/protocol.js";
import type { StoredFile } from "../shuffle/stored-file.js";
import { runReduceTask } from "../worker/reduce-task.js";
import { fileErrorText, isOwnFileError } from "../worker/system-error.js";
import type { AttemptResult, AttemptSettings, PreparedFile } from "../worker/task-context.js";
import { TaskOutput } from "../worker/task-output.js";
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
  /** The files that the app may read beside its input. */
  readonly files: readonly SharedFile[];
}

export interface InProcessReport {
  /** Absolute path of the output directory. */
  readonly directory: string;
  /** Names of the output files in it. */
  readonly outputs: readonly string[];
  /** Names of the files that the app has made beside them. */
  readonly sideFiles: readonly string[];
  readonly maps: readonly AttemptResult[];
  readonly reduces: readonly AttemptResult[];
}

/** Runs an attempt with the settings that it is given; rejects with what the app throws, in a callback, too. */
export type AttemptRunner = (
  ref: AttemptRef,
  run: (settings: AttemptSettings) => Promise<AttemptResult>,
) => Promise<AttemptResult>;

/** The app threw. The message says in which task, `cause` is what it threw. */
class AppFailedError extends Error {
  override readonly name = "AppFailedError";
}

/**
 * Runs a job in this one process and thread: the map attempts as `runMaps` does it, each by the function that it is given,
 * then the reduce tasks over what these have made.
 *
 * Throws an InputError, an AppFailedError, or what `runMaps` throws. An earlier job's output is replaced only by a whole
 * new one.
 */
export async function runInProcess(
  job: InProcessJob,
  runMaps: (attempt: AttemptRunner) => Promise<readonly AttemptResult[]>,
): Promise<InProcessReport> {
  const { app, reducers } = job;
  const directory = await JobDirectory.take(job.outputDirectory, [...job.inputs, ...job.files]);
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
    files: job.files,
    signal: new AbortController().signal,
    progress: { record: NaN, set: () => undefined, beginRecord: () => undefined, takeValue: () => undefined },
    marksRecords: false,
  });
  const output = new TaskOutput([process.stdout, process.stderr]);
  // What is said when the app ends the process is not the app's.
  const release = () => output.release();
  process.prependListener("exit", release);
  const runAttempt: AttemptRunner = async (ref, run) => {
    output.begin(`${ref.kind} ${ref.task}`);
    try {
      return await endedByStrayError(() => run(settingsOf(ref)));
    } finally {
      output.end();
    }
  };
  let isDone = false;
  try {
    const maps = await runMaps(runAttempt);
    const reduces: AttemptResult[] = [];
    for (let task = 0; task < reducers; task++) {
      const ofPartition = maps.flatMap(({ files }) => files).filter(({ partition }) => partition === task);
      const stored = ofPartition.map((file) => storedAtTemporaryPath(file));
      const ref = { kind: "reduce", task, attempt: 1 } as const;
      const run = () => runAttempt(ref, (settings) => runReduceTask(app, stored, settings));
      reduces.push(await runNamed(`reduce task ${task}`, run));
    }
    // With the journal of a job that was stopped: to go on with that one would be to take these outputs for its own.
    directory.clear(["journal", "intermediate", "output", "side", "bad-records"]);
    const sideFiles = commitSideFiles([...maps, ...reduces]);
    for (const { temporaryPath, finalPath } of reduces.flatMap(({ files }) => files)) {
      commitFile(temporaryPath, finalPath);
    }
    isDone = true;
    return { directory: directory.path, outputs: directory.outputs(), sideFiles, maps, reduces };
  } finally {
    process.off("exit", release);
    release();
    try {
      await giveBack(directory, isDone);
    } finally {
      await dismissJanitor();
    }
  }
}

/** Of several attempts of one task, such as those of its bad records, the later ones add a number. Returns the names. */
function commitSideFiles(results: readonly AttemptResult[]): string[] {
  const attempts = new Map<string, number>();
  return results.flatMap(({ sideFiles }) =>
    sideFiles.map(({ temporaryPath, finalPath }) => {
      const number = (attempts.get(finalPath) ?? 0) + 1;
      attempts.set(finalPath, number);
      const ownPath = number === 1 ? finalPath : `${finalPath}.${number}`;
      commitFile(temporaryPath, ownPath);
      return basename(ownPath);
    }),
  );
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
    return await run();
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
