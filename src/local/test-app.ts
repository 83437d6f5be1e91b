import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { inspect } from "node:util";
import { AppError } from "../app/app-error.js";
import type { App, AppOfInputs, JsonValue, KeyValue, Pipeline } from "../app/contract.js";
import { isMapOnly, traitsOf } from "../app/load.js";
import { missingText } from "../model/required-options.js";
import { declaredByAll, unknownArgText } from "../app/unread-args.js";
import { ArgUseOfJob } from "../scheduler/job/arg-use.js";
import { unreadArgs } from "../coordinator/unread-args.js";
import { checkSteps, type CheckedStep } from "../app/steps.js";
import type { TestInputs, TestOptions, TestResult } from "../app/test-contract.js";
import { findInputs, type InputFile } from "../input/files.js";
import { planInputs } from "../input/map-inputs.js";
import { sourceOfSplits } from "../input/records.js";
import { findSharedFiles } from "../input/shared-files.js";
import { splitBytesDefault } from "../input/splits.js";
import { outputName, stepDirectoryName } from "../output/names.js";
import { recordFormat } from "../output/record-format.js";
import { addMeasures, noTotals, sumsOfCounters, type Count } from "../model/measures.js";
import type { AttemptRef } from "../model/attempt.js";
import { storedText, storedValue } from "../shuffle/stored-value.js";
import { runMapTask } from "../worker/map-task.js";
import { ArgReads } from "../worker/arg-reads.js";
import { withOwnProcessState } from "../worker/process-state.js";
import { PendingWork } from "../worker/pending-work.js";
import { runReduceTask } from "../worker/reduce-task.js";
import type { AttemptResult, AttemptSettings } from "../worker/task-context.js";
import { filesForReduce, mapSettingsInProcess, settingsInProcess } from "./attempts.js";

/** The format in which pairs pass from step to step. */
const jsonl = recordFormat({ format: "jsonl" });

/**
 * Runs an app in this thread; see `testApp` in `index.ts`. The tasks are the engine's own, and read and write files in
 * a directory that is created for the purpose and then removed: a second engine, in memory, could be right where the
 * first is wrong, and the other way round.
 */
export async function runTestApp<Value extends JsonValue, Input>(
  given: App<Value, Input> | AppOfInputs<Value> | Pipeline,
  inputs: TestInputs | Readonly<Record<string, TestInputs>>,
  options: TestOptions,
): Promise<TestResult> {
  requireCount("reducers", options.reducers, 0);
  requireCount("splitBytes", options.splitBytes, 1);
  const steps = checkSteps("under test", given as unknown as Record<string, unknown>);
  const directory = mkdtempSync(join(tmpdir(), "mr-test-app-"));
  try {
    let files = writeInputs(inputs, directory, steps[0]?.app.inputs !== undefined);
    const { args = {} } = options;
    const argUse = new ArgUseOfJob();
    const declared = declaredByAll(steps.map(({ app }) => app));
    requireNone(unknownArgText("under test", declared, Object.keys(args)));
    const results: AttemptResult[] = [];
    const earlierCounters = (options.earlierCounters ?? []).map((counters) => Object.entries(counters));
    let partitions: KeyValue[][] = [];
    for (const [index, step] of steps.entries()) {
      // The same names as in a real pipeline.
      const own = index === steps.length - 1 ? directory : join(directory, stepDirectoryName(index + 1));
      mkdirSync(own, { recursive: true });
      const end = await runStep(step, files, own, options, argUse, [...earlierCounters]);
      results.push(...end.results);
      earlierCounters.push(sumsOfCounters(...end.results.map(({ counters }) => counters)));
      partitions = end.partitions;
      files = partitions.map((pairs, task) => {
        const lines = pairs.map(({ key, value }) => jsonl.record("reduce", key, value)).join("");
        const name = outputName(task, ".jsonl");
        return writeInput(join(own, name), lines, name);
      });
    }
    argUse.add({ read: steps.flatMap(({ app }) => app.args ?? []), missed: [] });
    const records = results.reduce((sum, { recordsIn }) => sum + recordsIn, 0);
    requireNone(unreadArgs({ app: { name: "under test" }, args, use: argUse, records }));
    return {
      outputs: partitions.flat(),
      partitions,
      counters: countersOf(results),
      sideFiles: sideFilesOf(results, directory),
      warnings: [...new Set(results.flatMap(({ warnings }) => warnings))],
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function requireNone(problem: string | undefined): void {
  if (problem !== undefined) throw new AppError(problem);
}

function requireCount(name: keyof TestOptions, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
  throw new TypeError(`testApp: ${name} must be a whole number, ${least} or more, not ${inspect(value)}`);
}

/** Writes the files of an app. `areNamed` tells whether the app declares inputs, each with its own files. */
function writeInputs(
  inputs: TestInputs | Readonly<Record<string, TestInputs>>,
  directory: string,
  areNamed: boolean,
): InputFile[] {
  const ofFiles = (files: TestInputs, firstIndex = 0) => {
    return Object.entries(files).map(([name, content], index) => {
      const path = join(directory, `input-${firstIndex + index}`);
      return writeInput(path, content, Array.isArray(files) ? basename(path) : name);
    });
  };
  const values = Object.values(inputs) as readonly (string | Uint8Array | TestInputs)[];
  const areOfInputs = !Array.isArray(inputs) && values.every((value) => isFiles(value));
  if (areNamed !== areOfInputs && values.length > 0) {
    throw new TypeError(
      areNamed
        ? 'testApp: the app declares inputs, so give the files of each, as in { orders: ["…"], customers: { "c.csv": "…" } }'
        : 'testApp: the app declares no inputs, so give file contents, as in ["…"] or { "a.log": "…" }',
    );
  }
  if (!areNamed) return ofFiles(inputs as TestInputs);
  let count = 0;
  return Object.entries(inputs as Readonly<Record<string, TestInputs>>).flatMap(([input, files]) => {
    const found = ofFiles(files, count).map((file) => ({ ...file, input }));
    count += found.length;
    return found;
  });
}

function isFiles(value: string | Uint8Array | TestInputs): value is TestInputs {
  return typeof value === "object" && !(value instanceof Uint8Array);
}

function writeInput(path: string, content: string | Uint8Array, name: string): InputFile {
  writeFileSync(path, content);
  const [found] = findInputs([path]);
  if (found === undefined) throw new Error("the file just written is missing");
  return { ...found, name };
}

/** Runs the tasks of one job. */
async function runStep(
  { app, place, reducers: ownReducers }: CheckedStep,
  inputs: readonly InputFile[],
  directory: string,
  { args = {}, reducers: givenReducers, files = {}, splitBytes = splitBytesDefault }: TestOptions,
  argUse: ArgUseOfJob,
  earlierCounters: readonly (readonly Count[])[],
): Promise<{ partitions: KeyValue[][]; results: AttemptResult[] }> {
  const isStep = place.number !== undefined;
  const reducers = (isStep ? (ownReducers ?? givenReducers) : (givenReducers ?? ownReducers)) ?? 1;
  const shared = findSharedFiles(Object.entries(files).map(([name, path]) => `${path}#${name}`));
  requireNone(missingText("under test", app.needs, { args, files: shared }));
  if (isMapOnly(app) && reducers > 0) {
    throw new AppError(
      "app under test exports no function reduce; to get what map emits, pass reducers: 0 or leave it out",
    );
  }
  const partitions: KeyValue[][] = [];
  const ofJob = {
    jobId: "test",
    reducers,
    output: {},
    directory,
    collectorBytes: 64 * 2 ** 20,
    args,
    files: shared,
    earlierCounters,
  };
  const common = { ...ofJob, ...mapSettingsInProcess(app) };
  const runAttempt = async (ref: AttemptRef, run: (settings: AttemptSettings) => Promise<AttemptResult>) => {
    const argReads = new ArgReads(args);
    const work = await PendingWork.begin(`${ref.kind} ${ref.task}`);
    const onOutput = (key: string, value: JsonValue) => {
      // The value as it would be read from the output.
      partitions[ref.task]?.push({ key, value: storedValue(storedText(ref.kind, key, value)) });
    };
    const result = await withOwnProcessState(() =>
      work.run(() => run(settingsInProcess({ ref, ...common, argReads, work, checksCombine: true, onOutput }))),
    );
    argUse.add(argReads.use);
    return result;
  };
  const most = Math.min(splitBytes, splitBytesDefault);
  const { all: splits } = await planInputs({
    inputs,
    app: { name: "under test", ...traitsOf(app) },
    splitBytes: most,
    groupBytes: 0,
  });
  for (let task = 0; task < (reducers === 0 ? splits.length : reducers); task++) partitions.push([]);
  const results: AttemptResult[] = [];
  for (const [task, split] of splits.entries()) {
    const ref = { kind: "map", task, attempt: 1 } as const;
    results.push(await runAttempt(ref, (settings) => runMapTask(app, sourceOfSplits([split], app), settings)));
  }
  const maps = [...results];
  for (let task = 0; task < reducers; task++) {
    const ref = { kind: "reduce", task, attempt: 1 } as const;
    results.push(await runAttempt(ref, (settings) => runReduceTask(app, filesForReduce(maps, task), settings)));
  }
  return { partitions, results };
}

function countersOf(results: readonly AttemptResult[]): Record<string, number> {
  const totals = noTotals();
  for (const result of results) addMeasures(totals, result, 1);
  return Object.fromEntries(totals.counters);
}

function sideFilesOf(results: readonly AttemptResult[], directory: string): Record<string, string> {
  const files = results.flatMap(({ sideFiles }) => sideFiles);
  return Object.fromEntries(
    files.map(({ publicName, temporaryPath }) => {
      return [join(relative(directory, dirname(temporaryPath)), publicName), readFileSync(temporaryPath, "utf8")];
    }),
  );
}
