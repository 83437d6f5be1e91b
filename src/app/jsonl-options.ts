import { closestMatch } from "leven";

const choices = ["bigint", "string", "number"];

/** The problem with an app's export `jsonl`, worded to follow that name; undefined when it is valid. */
export function jsonlProblem(given: unknown): string | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return " must be an object";
  for (const name of Object.keys(given)) {
    if (name !== "integers") return ` has no option ${JSON.stringify(name)}; it has integers`;
  }
  const { integers } = given as { integers?: unknown };
  if (integers === undefined || choices.some((choice) => choice === integers)) return undefined;
  const must = `.integers must be ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`;
  if (typeof integers !== "string") return `${must}, but is of type ${typeof integers}`;
  const meant = closestMatch(integers.toLowerCase(), choices, { maxDistance: 3 });
  const hint = meant === undefined ? "" : ` (did you mean ${JSON.stringify(meant)}?)`;
  return `${must}, but is ${JSON.stringify(integers)}${hint}`;
}
