import type { App, JsonValue, ReadRecords } from "./contract.js";

/**
 * Returns the app it is given. It is there for its type: `export default defineApp({ map, reduce })` is checked by the
 * compiler and completed by the editor, and the type of the values is carried from `map` to `reduce`. What `map` is given
 * follows from `input`, or from what `readRecords` yields.
 */
export function defineApp<Value extends JsonValue = string>(
  app: App<Value> & { input?: "file" | "text" | "lines"; readRecords?: undefined },
): App<Value>;
export function defineApp<Value extends JsonValue = string>(
  app: App<Value, JsonValue> & { input: "jsonl" },
): App<Value, JsonValue>;
export function defineApp<Value extends JsonValue = string>(
  app: App<Value, Record<string, string>> & { input: "csv" },
): App<Value, Record<string, string>>;
export function defineApp<Value extends JsonValue = string, Input extends JsonValue = JsonValue>(
  app: App<Value, Input> & { input: "pairs" },
): App<Value, Input>;
export function defineApp<Value extends JsonValue = string, Input = unknown>(
  app: App<Value, Input> & { input?: undefined; readRecords: ReadRecords<Input> },
): App<Value, Input>;
export function defineApp<Value extends JsonValue, Input>(app: App<Value, Input>): App<Value, Input> {
  return app;
}
