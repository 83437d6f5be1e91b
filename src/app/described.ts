/** Describes a value of the wrong kind in a message about an export: `"x"`, `5` or `of type object`. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return value === null || value === undefined || typeof value === "number" ? String(value) : `of type ${typeof value}`;
}
