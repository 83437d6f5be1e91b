/** What the author of an app may import: `import { defineApp, words } from "mapreduce-ts"`. */
export type {
  App,
  Counter,
  InputKind,
  JsonValue,
  KeyValue,
  MapContext,
  MapResult,
  OutputWriter,
  ReduceContext,
  ReduceResult,
  TaskContext,
} from "./app/contract.js";
export { defineApp } from "./app/define-app.js";
export { words, wordsInBytes } from "./app/words.js";
