import type { JsonValue, ReadRecords, Step, StepOfInputs } from "./contract.js";

/**
 * Returns the app unchanged, and exists for its types: the compiler checks `export default defineApp({ map, reduce })`,
 * the editor completes it, and `reduce` gets the value type that `map` emits. The input type of `map` follows from
 * `input` or from what `readRecords` yields; with `inputs`, each function of `map` names its own. The app may be one of the `steps` of a pipeline.
 */
export function defineApp<Value extends JsonValue = string>(
  app: Step<Value, string> & { input?: "file" | "text" | "lines"; readRecords?: undefined },
): Step<Value, string>;
export function defineApp<Value extends JsonValue = string>(
  app: Step<Value, JsonValue> & { input: "jsonl" },
): Step<Value, JsonValue>;
export function defineApp<Value extends JsonValue = string>(
  app: Step<Value, Record<string, string>> & { input: "csv" },
): Step<Value, Record<string, string>>;
export function defineApp<Value extends JsonValue = string, Input extends JsonValue = JsonValue>(
  app: Step<Value, Input> & { input: "pairs" },
): Step<Value, Input>;
export function defineApp<Value extends JsonValue = string, Input = unknown>(
  app: Step<Value, Input> & { input?: undefined; readRecords: ReadRecords<Input> },
): Step<Value, Input>;
export function defineApp<Value extends JsonValue = string>(app: StepOfInputs<Value>): StepOfInputs<Value>;
export function defineApp<App>(app: App): App {
  return app;
}
