import type { JsonValue } from "../app/contract.js";
import { jsonText, requireStringKey } from "../app/given.js";

/**
 * The output line of one pair, `key value\n`: the key and a string value as they are, any other value as JSON.
 *
 * This is the lab's format. It is made for people and for `sort`: a key or a string that holds a space or a newline is
 * not marked in any way. Throws a TypeError when the key is no string or JSON cannot hold the value.
 */
export function outputLine(key: string, value: JsonValue): string {
  requireStringKey("reduce", key);
  return `${key} ${typeof value === "string" ? value : jsonText("reduce", key, value)}\n`;
}
