import { jsonText } from "../app/given.js";

/** A value that can be compared with `===` and does not change. */
export type Primitive = string | number | boolean | null;

/** The JSON text of a value that is no object; undefined for a string, which needs none. */
export function primitiveText(key: string, value: Primitive): string | undefined {
  if (typeof value === "string") return undefined;
  return Number.isFinite(value) ? String(value) : jsonText("emit", key, value);
}
