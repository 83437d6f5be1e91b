import type { JsonValue } from "../../app/contract.js";
import { storedText, storedValue } from "../stored-value.js";

/** Deeper values are copied through their text. */
const depthMax = 3;

/**
 * The value that `combine` or `reduce` gets for a value that app code returned: a copy, as if through JSON. Plain
 * arrays and objects of scalars are copied without making their text. Throws what `storedText` throws.
 */
export function travelledValue(giver: string, key: string, value: unknown): JsonValue {
  const copied = copyOf(value, 0);
  return copied === undefined ? storedValue(storedText(giver, key, value)) : copied;
}

/** Whether a value can never change, and is the same after its way through JSON, but for the sign of 0. */
export function isImmutable(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "bigint":
      return true;
    case "number":
      return Number.isFinite(value);
    default:
      return value === null;
  }
}

/** Undefined for a value that only `storedText` can judge. */
function copyOf(value: unknown, depth: number): JsonValue | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      // JSON has no -0.
      return Number.isFinite(value) ? value + 0 : undefined;
    case "object":
      if (value === null) return null;
      if (depth === depthMax) return undefined;
      return Array.isArray(value) ? copyOfArray(value, depth + 1) : copyOfObject(value, depth + 1);
    default:
      return undefined;
  }
}

function copyOfArray(array: readonly unknown[], depth: number): JsonValue[] | undefined {
  const copy: JsonValue[] = [];
  for (const element of array) {
    const own = copyOf(element, depth);
    if (own === undefined) return undefined;
    copy.push(own);
  }
  return "toJSON" in array ? undefined : copy;
}

function copyOfObject(object: object, depth: number): JsonValue | undefined {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype || "toJSON" in object) return undefined;
  if (Object.getOwnPropertySymbols(object).length > 0 || Object.hasOwn(object, "__proto__")) return undefined;
  const copy: Record<string, JsonValue> = {};
  for (const property in object) {
    const own = copyOf((object as Record<string, unknown>)[property], depth);
    // Code that extends `Object.prototype` gives every object inherited properties.
    if (own === undefined || !Object.hasOwn(object, property)) return undefined;
    copy[property] = own;
  }
  return copy;
}
