import { inspect } from "node:util";

/**
 * Describes a value thrown by app code to the user. Apps may throw anything, and put anything into the properties of an
 * error.
 */
export function thrownText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `the app threw ${inspect(thrown)}`;
  const { name, message } = thrown as Readonly<Record<"name" | "message", unknown>>;
  return `${textOf(name)}: ${textOf(message)}`;
}

function textOf(property: unknown): string {
  return typeof property === "string" ? property : inspect(property);
}
