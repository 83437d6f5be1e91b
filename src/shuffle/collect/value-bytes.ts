import type { JsonValue } from "../../app/contract.js";

/** The memory of a reference to a value, or of a value that needs no more. */
export const slotBytes = 16;

/** An estimate of the memory that a value takes besides its slot. */
export function valueBytes(value: JsonValue): number {
  if (typeof value === "string") return 16 + 2 * value.length;
  if (typeof value !== "object" || value === null) return 0;
  let bytes = 48;
  if (Array.isArray(value)) {
    for (const element of value as readonly JsonValue[]) bytes += slotBytes + valueBytes(element);
  } else {
    const object = value as Readonly<Record<string, JsonValue>>;
    for (const property in object) bytes += 2 * slotBytes + valueBytes(object[property] ?? null);
  }
  return bytes;
}
