/** What the author of an app may import: `import { defineApp, words } from "mapreduce-ts"`. */
import type { App, JsonValue, Pipeline } from "./app/contract.js";
import type { TestOptions, TestResult } from "./app/test-contract.js";

export type {
  App,
  CombineResult,
  Counter,
  CsvOptions,
  HookContext,
  InputKind,
  JsonlOptions,
  JsonValue,
  KeyValue,
  MapContext,
  MapResult,
  OutputWriter,
  Pipeline,
  ReadContext,
  ReadRecords,
  ReduceContext,
  ReduceResult,
  SideFile,
  Step,
  TaskContext,
} from "./app/contract.js";
export type { Config } from "./app/define-config.js";
export { defineApp } from "./app/define-app.js";
export { defineConfig } from "./app/define-config.js";
export { words, wordsInBytes } from "./app/words.js";
export type { TestOptions, TestResult };

/**
 * Runs an app over some inputs, and returns what it makes of them: for tests of the app, in any test framework. Its maps and
 * reduces run one after the other in this thread, as they would in a job, with splits, `combine`, `partition`, `setup` and
 * all; there is no other process, no retry, and nothing is left on the disk.
 *
 *     const { outputs } = await testApp(app, ["a b a"]);
 *     expect(outputs).toEqual([{ key: "a", value: 2 }, { key: "b", value: 1 }]);
 *
 * `app` is an app or a pipeline as one object, or a module (`import * as app from "./app.js"`). Inputs are contents of files, which are
 * called `input-0`, `input-1`, … then, or by name: `{ "a.log": "…" }`. Rejects with what the app throws.
 */
export async function testApp<Value extends JsonValue, Input>(
  app: App<Value, Input> | Pipeline,
  inputs: readonly string[] | Readonly<Record<string, string | Uint8Array>>,
  options: TestOptions = {},
): Promise<TestResult> {
  // Only now: the apps of a job import this file as well, and each of its threads would pay for what they do not need.
  const { runTestApp } = await import("./local/test-app.js");
  return runTestApp(app, inputs, options);
}
