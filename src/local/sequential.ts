import { randomBytes } from "node:crypto";
import { loadApp } from "../app/load.js";
import type { AppFile } from "../app/resolve.js";
import type { InputFile } from "../input/files.js";
import { planSplits } from "../input/splits.js";
import { JobDirectory } from "../output/directory.js";
import { commitFile } from "../output/staged-file.js";
import type { AttemptRef } from "../rpc/protocol.js";
import type { StoredFile } from "../shuffle/stored-file.js";
import { runMapTask } from "../worker/map-task.js";
import { runReduceTask } from "../worker/reduce-task.js";
import type { AttemptResult, AttemptSettings, PreparedFile } from "../worker/task-context.js";
import { hireJanitor } from "./janitor.js";

export interface SequentialOptions {
  readonly app: AppFile;
  readonly inputs: readonly InputFile[];
  readonly reducers: number;
  readonly splitBytes: number;
  readonly collectorBytes: number;
  readonly outputDirectory: string;
  readonly args: Readonly<Record<string, string>>;
}

export interface SequentialReport {
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
 * Runs a job in this one process and thread, task after task, without coordinator, workers or retries: for debugging an
 * app, and as the answer that a distributed run must give, byte for byte and partition by partition, when the files are
 * cut into the same splits or it does not matter where.
 *
 * Throws an AppError, an InputError, or an AppFailedError. An earlier job's output is replaced only by a whole new one.
 */
export async function runSequentially(options: SequentialOptions): Promise<SequentialReport> {
  const { inputs, reducers, outputDirectory } = options;
  const app = await loadApp(options.app.path);
  const splits = planSplits(inputs, app.input, options.splitBytes);
  const directory = await JobDirectory.take(outputDirectory, inputs);
  const jobId = randomBytes(4).toString("hex");
  const dismissJanitor = hireJanitor(directory, jobId);
  const settingsOf = (ref: AttemptRef): AttemptSettings => ({
    ref,
    jobId,
    reducers,
    directory: directory.path,
    collectorBytes: options.collectorBytes,
    args: options.args,
    signal: new AbortController().signal,
    progress: { set: () => undefined, beginRecord: () => undefined },
  });
  const stray = listenForStrayErrors();
  let isDone = false;
  try {
    const maps: AttemptResult[] = [];
    for (const [task, split] of splits.entries()) {
      const settings = settingsOf({ kind: "map", task, attempt: 1 });
      maps.push(await named(`map task ${task} (${split.file})`, runMapTask(app, split, settings), stray.error));
    }
    const reduces: AttemptResult[] = [];
    for (let task = 0; task < reducers; task++) {
      const settings = settingsOf({ kind: "reduce", task, attempt: 1 });
      const ofPartition = maps.flatMap(({ files }) => files).filter(({ partition }) => partition === task);
      const stored = ofPartition.map((file) => storedAtTemporaryPath(file));
      reduces.push(await named(`reduce task ${task}`, runReduceTask(app, stored, settings), stray.error));
    }
    directory.clear(["intermediate", "output"]);
    for (const { temporaryPath, finalPath } of reduces.flatMap(({ files }) => files)) {
      commitFile(temporaryPath, finalPath);
    }
    isDone = true;
    return { directory: directory.path, outputs: directory.outputs(), maps, reduces };
  } finally {
    stray.stop();
    directory.clear(["temporary"]);
    await directory.release({ removeIfEmpty: !isDone });
    await dismissJanitor();
  }
}

/** Nobody else reads them, so the map side's files keep their temporary names. */
function storedAtTemporaryPath({ temporaryPath, bytes, checksum }: PreparedFile): StoredFile {
  return { location: temporaryPath, bytes, checksum };
}

/** Listens for what is thrown in a callback, or by a promise that nobody awaits. */
function listenForStrayErrors(): { readonly error: Promise<never>; stop(): void } {
  let onError: (error: unknown) => void = () => undefined;
  const error = new Promise<never>((_, reject) => (onError = reject));
  error.catch(() => undefined);
  process.on("uncaughtException", onError);
  return { error, stop: () => process.off("uncaughtException", onError) };
}

/** A stray error ends the task that happens to run. */
async function named(task: string, run: Promise<AttemptResult>, stray: Promise<never>): Promise<AttemptResult> {
  try {
    return await Promise.race([run, stray]);
  } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new AppFailedError(`${task} failed: ${text}`, { cause: error });
  }
}
