import type { CsvOptions } from "./contract.js";

const text = (value: unknown) => typeof value === "string" && value !== "";
const flag = (value: unknown) => typeof value === "boolean";

const rules: { readonly [Name in keyof CsvOptions]-?: { isRight(value: unknown): boolean; readonly what: string } } = {
  delimiter: { isRight: text, what: "a string" },
  quote: { isRight: (value) => text(value) || value === false, what: "a string, or false" },
  escape: { isRight: text, what: "a string" },
  comment: { isRight: text, what: "a string" },
  trim: { isRight: flag, what: "true or false" },
  relaxQuotes: { isRight: flag, what: "true or false" },
  header: { isRight: flag, what: "true or false" },
  columns: { isRight: isListOfNames, what: "an array of different strings" },
};

/** The problem with an app's export `csv`; undefined when it is valid. */
export function csvProblem(given: unknown): string | undefined {
  if (typeof given !== "object" || given === null) return "must be an object";
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof CsvOptions] : undefined;
    if (rule === undefined) return `has no option ${JSON.stringify(name)}; it has ${Object.keys(rules).join(", ")}`;
    if (value !== undefined && !rule.isRight(value)) return `.${name} must be ${rule.what}`;
  }
  const { header, columns } = given as CsvOptions;
  return header === false && columns === undefined ? ".columns is needed for files without a header" : undefined;
}

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(text) && new Set(value).size === value.length;
}
