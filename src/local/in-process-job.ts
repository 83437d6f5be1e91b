import { randomBytes } from "node:crypto";
import { ArgUseOfJob } from "../scheduler/job/arg-use.js";
import { Warnings } from "../scheduler/job/warnings.js";
import { unreadArgs } from "../coordinator/unread-args.js";
import { ArgReads } from "../worker/arg-reads.js";
import { AppError } from "../app/app-error.js";
import { misfit } from "../app/fit.js";
import { loadApp, traitsOf, type LoadedApp } from "../app/load.js";
import type { AppFile } from "../app/resolve.js";
import { readableError, thrownText } from "../app/thrown.js";
import type { InputFile } from "../input/files.js";
import { ChangedFileError, requireUnchanged } from "../input/shared-files.js";
import { UnreadableInputError } from "../input/unreadable-input-error.js";
import { JobDirectory } from "../output/directory.js";
import { earlierFiles } from "../output/earlier-job.js";
import { countersOfStep, namedOutputFacts, writeManifest, type EarlierStep } from "../output/manifest.js";
import { outputName } from "../output/names.js";
import { outputOf, outputSuffix, type OutputSettings } from "../model/output-format.js";
import { addMeasures, excessOf, measuresOfTotals, noTotals, type Measures } from "../model/measures.js";
import type { AttemptRef } from "../model/attempt.js";
import type { Partitioner } from "../model/job.js";
import type { SharedFile } from "../model/split.js";
import { PendingWork } from "../worker/pending-work.js";
import { withOwnProcessState } from "../worker/process-state.js";
import { profiled, type ProfileDestination } from "../worker/cpu-profile.js";
import { runReduceTask } from "../worker/reduce-task.js";
import { fileErrorText, isOwnFileError } from "../worker/system-error.js";
import type { AttemptResult, AttemptSettings } from "../worker/task-context.js";
import { TaskOutput } from "../worker/task-output.js";
import { atWorkOf } from "../worker/at-work.js";
import { AppFailedError } from "./app-failed-error.js";
import { filesForReduce, mapSettingsInProcess, settingsInProcess } from "./attempts.js";
import { commitResults, type Result } from "./commit-results.js";
import type { DebuggerAddress } from "./debugger.js";
import { hireJanitor } from "./janitor.js";
import { StrayErrors } from "./stray-errors.js";

export interface InProcessJob {
  readonly app: LoadedApp;
  readonly appFile: AppFile;
  /** Files that must not be cleared away as an earlier job's, like `files` and the next property. */
  readonly inputs: readonly InputFile[];
  /** The inputs of the pipeline that the job is a step of. */
  readonly pipelineInputs?: readonly InputFile[] | undefined;
  readonly reducers: number;
  readonly output: OutputSettings;
  readonly collectorBytes: number;
  readonly outputDirectory: string;
  /** That directory, if already locked; this job then does not release it. */
  readonly taken?: JobDirectory | undefined;
  readonly args: Readonly<Record<string, string>>;
  /** The names of the args that the app must read; undefined for all. */
  readonly argsToRead?: readonly string[] | undefined;
  /** The files that the app may read beside its input. */
  readonly files: readonly SharedFile[];
  /** For the manifest, like the following properties. */
  readonly splitBytes?: number;
  readonly partitioner?: Partitioner;
  readonly samplePercent?: number | undefined;
  /** Also for the app, which may read their counters. */
  readonly earlierSteps?: readonly EarlierStep[];
  readonly engineVersion: string;
  /** How many records of a map attempt may be in flight; undefined when the app decides. */
  readonly mapConcurrency?: number | undefined;
  /** How many calls of `map` may begin in a second; undefined when the app decides. */
  readonly ratePerSecond?: number | undefined;
  /** Where CPU profiles of attempts go. */
  readonly profiles?: ProfileDestination;
  readonly warn: (message: string) => void;
  /** Called when the output is published, whatever the app does afterwards. */
  readonly onCommitted?: () => void;
}

export interface InProcessReport {
  /** Absolute path of the output directory. */
  readonly directory: string;
  /** Names of the output files in it. */
  readonly outputs: readonly string[];
  /** Names of the app's side files in it. */
  readonly sideFiles: readonly string[];
  readonly maps: readonly AttemptResult[];
  readonly reduces: readonly AttemptResult[];
  /** Sums over the tasks of a kind. */
  readonly totals: { readonly map: Measures; readonly reduce: Measures };
  /** The warnings of the attempts, which were already printed. */
  readonly warnings: Pick<Warnings, "list" | "omitted">;
}

/** Runs an attempt with the given settings; rejects with what the app throws, even in a callback. */
export type AttemptRunner = (
  ref: AttemptRef,
  run: (settings: AttemptSettings) => Promise<AttemptResult>,
) => Promise<AttemptResult>;

/**
 * Loads an app into this process, first waiting for a debugger if `inspect` is given. Throws an AppError, and the
 * errors of `loadDebugged`.
 */
export async function loadInProcess(file: AppFile, inspect: DebuggerAddress | undefined): Promise<LoadedApp> {
  if (inspect === undefined) return loadApp(file);
  const { loadDebugged } = await import("./debugger.js");
  return loadDebugged(file, inspect);
}

/**
 * Runs a job in this process and thread: first the map attempts, as `runMaps` does with the function it is given, then
 * the reduce tasks over their output.
 *
 * Throws an AppError when the app does not fit such a job, an InputError, an AppFailedError, or the errors of
 * `runMaps`. An earlier job's output is replaced only when all tasks are done; if the new output cannot be written, the
 * old one stays.
 */
export async function runInProcess(
  job: InProcessJob,
  runMaps: (attempt: AttemptRunner) => Promise<readonly AttemptResult[]>,
): Promise<InProcessReport> {
  const { app, reducers, output } = job;
  const startedMs = performance.now();
  const extension = app.writer?.extension;
  const unfit = misfit({ name: job.appFile.name, ...traitsOf(app) }, job);
  if (unfit !== undefined) throw new AppError(unfit);
  const { layout } = app;
  const suffix = outputSuffix(outputOf(output, layout), extension);
  const directory = job.taken?.lend() ?? (await JobDirectory.take(job.outputDirectory, job, suffix));
  const jobId = randomBytes(4).toString("hex");
  const dismissJanitor = hireJanitor(directory, jobId);
  const { collectorBytes, args, files } = job;
  const ofMaps = mapSettingsInProcess(app, job);
  const earlierCounters = job.earlierSteps?.map(countersOfStep);
  const ofJob = { jobId, reducers, output, directory: directory.path, collectorBytes, args, files, earlierCounters };
  const common = { ...ofJob, ...ofMaps };
  const appOutput = new TaskOutput([process.stdout, process.stderr]);
  // Messages after the app ends the process are not the app's.
  const release = () => appOutput.release();
  process.prependListener("exit", release);
  const runAttempt: AttemptRunner = async (ref, run) => {
    const task = `${ref.kind} ${ref.task}`;
    const work = await PendingWork.begin(task);
    appOutput.begin(task);
    // Once this resolves, nothing here holds the attempt's context: `PendingWork` relies on that.
    const argReads = new ArgReads(args);
    const attempt = () => {
      const checksCombine = job.samplePercent !== undefined;
      const settings = settingsInProcess({ ref, ...common, argReads, work, checksCombine });
      return profiled(job.profiles, settings, () => run(settings));
    };
    let result: AttemptResult;
    try {
      requireUnchanged(files);
      result = await stray.endOf(() => withOwnProcessState(() => work.run(attempt)));
      requireUnchanged(files);
    } finally {
      appOutput.end();
      argUse.add(argReads.use);
    }
    for (const warning of warnings.add(result.warnings)) job.warn(warning);
    return result;
  };
  const warnings = new Warnings();
  const argUse = new ArgUseOfJob();
  let isDone = false;
  const stray = new StrayErrors();
  try {
    // This job writes its own while it runs.
    if (job.profiles === true) directory.clear(["profile"]);
    const maps = await runMaps(runAttempt);
    const reduces: AttemptResult[] = [];
    for (let task = 0; task < reducers; task++) {
      const stored = filesForReduce(maps, task);
      const ref = { kind: "reduce", task, attempt: 1 } as const;
      const run = () => runAttempt(ref, (settings) => runReduceTask(app, stored, settings));
      reduces.push(await runNamed(`reduce task ${task}`, run));
    }
    const totals = { map: totalsOf(maps), reduce: totalsOf(reduces) };
    const appNamed = { name: job.appFile.name, args: app.args };
    const unread = unreadArgs({ ...job, app: appNamed, use: argUse, records: totals.map.recordsIn });
    if (unread !== undefined) throw new AppError(unread);
    const sideFiles = sideFilesOf([...maps, ...reduces]);
    // Each result has one file here. Numbered by position, because several may belong to the same map task: see
    // `replay.ts`.
    const outputs = (reducers === 0 ? maps : reduces).flatMap(({ files, recordsOut, namedOutputs = [] }, index) => {
      const records = namedOutputs.reduce((rest, { fact }) => rest - fact[1], recordsOut);
      return [
        ...files.map((file) => ({ ...file, name: outputName(index, suffix), records })),
        ...namedOutputs.map(({ temporaryPath, fact }) => ({ temporaryPath, ...namedOutputFacts(fact, index, suffix) })),
      ];
    });
    const { inputs, splitBytes, partitioner, samplePercent, engineVersion } = job;
    const { name, hash } = job.appFile;
    const ownKinds = job.profiles === true ? (["profile"] as const) : [];
    const obsolete = earlierFiles(directory.path, { suffix, sources: job, ownKinds, warn: job.warn });
    commitResults(directory, jobId, [...sideFiles, ...outputs], {
      obsolete,
      writeManifest() {
        writeManifest(directory.path, jobId, {
          ...{ engineVersion, inputs, files, args, reducers, partitioner, samplePercent, output, splitBytes, outputs },
          ...{ badRecordsMax: 0, badRecords: 0 },
          app: { name, hash, input: app.input, inputs: app.inputs, extension, layout },
          ...totals,
          mapTasks: maps.length,
          elapsedMs: performance.now() - startedMs,
          earlierSteps: job.earlierSteps ?? [],
          argsRead: Object.keys(args).filter((arg) => app.args?.includes(arg) === true || argUse.hasRead(arg)),
        });
      },
    });
    isDone = true;
    job.onCommitted?.();
    // Resuming a job that was interrupted here would replace this output.
    clearInterrupted(directory, job.warn);
    stray.tell((error) => job.warn(`the app threw after the job was done: ${textOf(error)}`));
    return {
      directory: directory.path,
      outputs: outputs.map(nameOf),
      sideFiles: sideFiles.map(nameOf),
      maps,
      reduces,
      totals,
      warnings,
    };
  } finally {
    process.off("exit", release);
    release();
    try {
      await giveBack(directory, jobId, isDone, job.warn);
    } finally {
      await dismissJanitor();
      stray.close();
    }
  }
}

function nameOf({ name }: Result): string {
  return name;
}

/** When one task has several attempts, such as for its bad records, the later ones add a number. */
function sideFilesOf(results: readonly AttemptResult[]): Result[] {
  const attempts = new Map<string, number>();
  return results.flatMap(({ sideFiles }) =>
    sideFiles.map(({ temporaryPath, publicName: name }) => {
      const number = (attempts.get(name) ?? 0) + 1;
      attempts.set(name, number);
      return { temporaryPath, name: number === 1 ? name : `${name}.${number}` };
    }),
  );
}

function totalsOf(results: readonly AttemptResult[]): Measures {
  const totals = noTotals();
  for (const result of results) {
    const excess = excessOf(totals, result);
    if (excess !== undefined) throw new AppFailedError(excess);
    addMeasures(totals, result, 1);
  }
  return measuresOfTotals(totals);
}

function clearInterrupted(directory: JobDirectory, warn: (message: string) => void): void {
  try {
    directory.clear(["journal", "staged", "replaced"]);
  } catch (error) {
    warn(`files of an earlier job are left in ${directory.path}: ${(error as Error).message}`);
  }
}

async function giveBack(
  directory: JobDirectory,
  jobId: string,
  isDone: boolean,
  warn: (message: string) => void,
): Promise<void> {
  try {
    directory.clearUnpublished(jobId);
  } catch (error) {
    // Next to the job's failure, files that cannot be removed are not worth a message.
    if (isDone) warn(`files of the job are left in ${directory.path}: ${(error as Error).message}`);
  } finally {
    await directory.release({ removeIfEmpty: !isDone });
  }
}

/** Runs a task. If the app throws, throws an AppFailedError that names the task. */
export async function runNamed(task: string, run: () => Promise<AttemptResult>): Promise<AttemptResult> {
  try {
    return await run();
  } catch (error) {
    throw new AppFailedError(`${task} failed: ${textOf(error)}`, { cause: readableError(error) });
  }
}

function textOf(thrown: unknown): string {
  const error = readableError(thrown);
  // The message names the input, and there is no place in the app to name.
  if (error instanceof UnreadableInputError || error instanceof ChangedFileError) return error.message;
  if (error instanceof Error && isOwnFileError(error)) return fileErrorText(error);
  const atWork = atWorkOf(thrown);
  return atWork === undefined ? thrownText(error) : `${thrownText(error)}\n${atWork}`;
}
