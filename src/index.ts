/** The API for app authors: `import { defineApp, words } from "mapreduce-ts"`. */
import type { App, AppOfInputs, JsonValue, Pipeline } from "./app/contract.js";
import type { TestInputs, TestOptions, TestResult } from "./app/test-contract.js";

export type {
  App,
  AppOfInputs,
  CombineResult,
  Counter,
  CsvOptions,
  EarlierCounters,
  HookContext,
  InputKind,
  JsonlOptions,
  JsonValue,
  KeyValue,
  MapContext,
  MapOfInput,
  MapResult,
  NamedInput,
  NamedOutput,
  OutputLayout,
  OutputWriter,
  Pipeline,
  ReadContext,
  ReadRecords,
  ReduceContext,
  ReduceResult,
  SideFile,
  Step,
  StepOfInputs,
  TaskContext,
} from "./app/contract.js";
export type { Config } from "./app/define-config.js";
export { aggregate } from "./aggregate/aggregate.js";
export type { Aggregator } from "./aggregate/aggregator.js";
export { count } from "./aggregate/count.js";
export { distinct } from "./aggregate/count-distinct.js";
export { max, min } from "./aggregate/extremes.js";
export { mostFrequent, type Frequency } from "./aggregate/most-frequent.js";
export { quantiles } from "./aggregate/quantiles.js";
export { mean, stats, type Stats } from "./aggregate/stats.js";
export { sum } from "./aggregate/sum.js";
export { topK } from "./aggregate/top-k.js";
export { defineApp } from "./app/define-app.js";
export { defineConfig } from "./app/define-config.js";
export { words, wordsInBytes } from "./app/words.js";
export type { TestInputs, TestOptions, TestResult };

/**
 * Runs an app over some inputs and returns its output, for tests of the app in any test framework. Maps and reduces run
 * in sequence in this thread, but otherwise as in a job, with splits, `combine`, `partition`, `setup` and so on. There
 * are no other processes and no retries, and nothing is left on disk.
 *
 *     const { outputs } = await testApp(app, ["a b a"]);
 *     expect(outputs).toEqual([{ key: "a", value: 2 }, { key: "b", value: 1 }]);
 *
 * `app` is an app or a pipeline as one object, or a module (`import * as app from "./app.js"`). Inputs are file
 * contents, either in an array, as files named `input-0`, `input-1`, …, or by name: `{ "a.log": "…" }`. For an app that
 * declares `inputs`, they are such contents for each: `{ orders: ["…"], customers: { "c.csv": "…" } }`. Rejects with the
 * app's own error.
 */
export async function testApp<Value extends JsonValue, Input>(
  app: App<Value, Input> | AppOfInputs<Value> | Pipeline,
  inputs: TestInputs | Readonly<Record<string, TestInputs>>,
  options: TestOptions = {},
): Promise<TestResult> {
  // Loaded here, because the apps of a job also import this file, and their threads do not need it.
  const { runTestApp } = await import("./local/test-app.js");
  return runTestApp(app, inputs, options);
}
