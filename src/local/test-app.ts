import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { App, JsonValue, KeyValue } from "../app/contract.js";
import { jsonText } from "../app/given.js";
import { checkApp, isMapOnly } from "../app/load.js";
import { sourceOfSplit } from "../input/records.js";
import { findSharedFiles } from "../input/shared-files.js";
import { planSplits, splitBytesDefault } from "../input/splits.js";
import type { AttemptRef } from "../rpc/protocol.js";
import { runMapTask } from "../worker/map-task.js";
import { runReduceTask } from "../worker/reduce-task.js";
import type { AttemptResult, AttemptSettings } from "../worker/task-context.js";

/** What `testApp` may be told. */
export interface TestOptions {
  /** The values of `ctx.args`. */
  readonly args?: Readonly<Record<string, string>>;
  /** Number of reduce tasks; 1 when absent. */
  readonly reducers?: number;
  /** The paths of `ctx.file(name)`, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** How long a split of an input is at most, in bytes; 64 MiB when absent or more. */
  readonly splitBytes?: number;
}

/** What has become of the inputs. */
export interface TestResult {
  /** What `reduce` gave, in the order of the keys; with several reducers, one partition after the other. */
  readonly outputs: KeyValue[];
  /** The same, by partition. */
  readonly partitions: KeyValue[][];
  /** The sums of the app's counters. */
  readonly counters: Record<string, number>;
  /** The contents of its side files, by their final names. */
  readonly sideFiles: Record<string, string>;
}

/**
 * Runs an app in this thread; see `testApp` in `index.ts`. The tasks are the engine's own, which read and write files: these
 * are in a directory that is made for the purpose and removed.
 */
export async function runTestApp<Value extends JsonValue, Input>(
  given: App<Value, Input>,
  inputs: readonly string[] | Readonly<Record<string, string | Uint8Array>>,
  { args = {}, reducers: givenReducers, files = {}, splitBytes = splitBytesDefault }: TestOptions,
): Promise<TestResult> {
  const app = checkApp("under test", given as unknown as Record<string, unknown>);
  const reducers = givenReducers ?? (isMapOnly(app) ? 0 : 1);
  const directory = mkdtempSync(join(tmpdir(), "mr-test-app-"));
  try {
    const shared = findSharedFiles(Object.entries(files).map(([name, path]) => `${path}#${name}`));
    const partitions: KeyValue[][] = [];
    const settingsOf = (ref: AttemptRef): AttemptSettings => ({
      ref,
      jobId: "test",
      reducers,
      boundaries: undefined,
      output: {},
      directory,
      collectorBytes: 64 * 2 ** 20,
      args,
      files: shared,
      signal: new AbortController().signal,
      progress: { record: NaN, set: () => undefined, beginRecord: () => undefined, takeValue: () => undefined },
      marksRecords: false,
      onOutput: (key, value) => {
        // As it would be read from the output.
        partitions[ref.task]?.push({ key, value: JSON.parse(jsonText(ref.kind, key, value)) as JsonValue });
      },
    });
    const results: AttemptResult[] = [];
    const written = Object.entries(inputs).map(([name, content], index) => {
      const path = join(directory, `input-${index}`);
      writeFileSync(path, content);
      const { size: sizeBytes, mtimeMs: modifiedMs } = statSync(path);
      return { name: Array.isArray(inputs) ? basename(path) : name, path, sizeBytes, modifiedMs };
    });
    const splits = planSplits(written, app.input, Math.min(splitBytes, splitBytesDefault));
    for (let task = 0; task < (reducers === 0 ? splits.length : reducers); task++) partitions.push([]);
    for (const [task, split] of splits.entries()) {
      const settings = settingsOf({ kind: "map", task, attempt: 1 });
      results.push(await runMapTask(app, sourceOfSplit(split, app), settings));
    }
    const made = results.flatMap((result) => result.files);
    for (let task = 0; task < reducers; task++) {
      const ofPartition = made.filter(({ partition }) => partition === task);
      const stored = ofPartition.map(({ temporaryPath, ...file }) => ({ location: temporaryPath, ...file }));
      results.push(await runReduceTask(app, stored, settingsOf({ kind: "reduce", task, attempt: 1 })));
    }
    return { outputs: partitions.flat(), partitions, counters: countersOf(results), sideFiles: sideFilesOf(results) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function countersOf(results: readonly AttemptResult[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [name, n] of results.flatMap(({ counters }) => counters)) sums.set(name, (sums.get(name) ?? 0) + n);
  return Object.fromEntries(sums);
}

function sideFilesOf(results: readonly AttemptResult[]): Record<string, string> {
  const files = results.flatMap(({ sideFiles }) => sideFiles);
  return Object.fromEntries(
    files.map(({ finalPath, temporaryPath }) => [basename(finalPath), readFileSync(temporaryPath, "utf8")]),
  );
}
