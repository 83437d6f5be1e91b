import type { App, JsonValue } from "./contract.js";

/**
 * Returns the app it is given. It is there for its type: `export default defineApp({ map, reduce })` is checked by the
 * compiler and completed by the editor, and the type of the values is carried from `map` to `reduce`.
 */
export function defineApp<Value extends JsonValue = string>(app: App<Value>): App<Value> {
  return app;
}
