/** The exports `inputs` and `map` of an app that declares several inputs. */
import { isArgName } from "../model/required-options.js";
import { AppError } from "./app-error.js";
import type { CsvOptions, JsonlOptions, MapContext } from "./contract.js";
import { csvProblem } from "./csv-options.js";
import { describe } from "./described.js";
import { inputKinds, type RecordKind } from "../model/input-kinds.js";
import { jsonlProblem } from "./jsonl-options.js";

/** An input of a checked app: how its files are read, and the function for its records. */
export interface LoadedInput {
  readonly input: RecordKind;
  readonly csv?: CsvOptions | undefined;
  readonly jsonl?: JsonlOptions | undefined;
  readonly map: (key: string, value: unknown, ctx: MapContext) => unknown;
}

const inputsMax = 100;
const nameLengthMax = 100;
/** They belong to the one input of other apps. */
const ofOneInput = ["input", "csv", "jsonl", "readRecords", "mapBytes"];

/** Checks the inputs that an app declares, and its `map` for each. Throws an AppError; `path` names the app. */
export function namedInputsOf(path: string, app: Readonly<Record<string, unknown>>): Record<string, LoadedInput> {
  const { inputs, map } = app;
  const other = ofOneInput.find((name) => app[name] !== undefined);
  if (other !== undefined) throw new AppError(`app ${path} exports both inputs and ${other}: ${insteadOf(other)}`);
  const names = isObject(inputs) ? Object.keys(inputs) : [];
  if (!isObject(inputs) || names.length === 0 || names.length > inputsMax) {
    const example = `{ orders: "jsonl", customers: "csv" }`;
    throw new AppError(
      `app ${path}: export inputs must be an object with the kind of each input, 1 to ${inputsMax} of them, such as ${example}`,
    );
  }
  const unnamed = names.find((name) => !isArgName(name) || name.length > nameLengthMax);
  if (unnamed !== undefined) {
    throw new AppError(
      `app ${path}: export inputs has the name ${JSON.stringify(unnamed)}; a name begins with a letter, and continues ` +
        "with letters, digits, _ . or -",
    );
  }
  if (!isObject(map)) {
    throw new AppError(
      `app ${path} exports inputs, so its map must be an object with a function for each of them (${names.join(", ")}), ` +
        `but is ${describe(map)}`,
    );
  }
  const odd = Object.keys(map).find((name) => !names.includes(name));
  if (odd !== undefined) {
    throw new AppError(`app ${path}: map has a function for ${odd}, but inputs are only: ${names.join(", ")}`);
  }
  return Object.fromEntries(
    names.map((name) => {
      const own = Object.hasOwn(map, name) ? map[name] : undefined;
      if (typeof own !== "function") {
        throw new AppError(`app ${path}: map.${name} must be a function, but is ${describe(own)}`);
      }
      // Bound, because the functions may call each other through `this`.
      return [name, { ...formatIn(path, name, inputs[name]), map: own.bind(map) as LoadedInput["map"] }];
    }),
  );
}

function formatIn(path: string, name: string, given: unknown): Omit<LoadedInput, "map"> {
  const options = isObject(given) ? given : { input: given };
  const fail = (problem: string) => new AppError(`app ${path}: inputs.${name}${problem}`);
  const { input: wanted, csv, jsonl, ...others } = options;
  const [odd] = Object.keys(others);
  if (odd !== undefined) throw fail(` has no option ${JSON.stringify(odd)}; it has input, csv and jsonl`);
  const input = inputKinds.find((kind) => kind === wanted);
  if (input === undefined) throw fail(` must be one of ${inputKinds.join(", ")}, but is ${describe(wanted)}`);
  if (csv !== undefined) {
    const problem = input === "csv" ? csvProblem(csv) : ` applies only with input: "csv"`;
    if (problem !== undefined) throw fail(`.csv${problem.replace(/^(?=[mh])/, " ")}`);
  }
  if (jsonl !== undefined) {
    const isRead = input === "jsonl" || input === "pairs";
    const problem = isRead ? jsonlProblem(jsonl) : ` applies only with input: "jsonl" or "pairs"`;
    if (problem !== undefined) throw fail(`.jsonl${problem}`);
  }
  return { input, csv, jsonl } as Omit<LoadedInput, "map">;
}

function insteadOf(name: string): string {
  if (name === "csv" || name === "jsonl")
    return `move it into the input it is for, as in { input: "${name}", ${name} }`;
  if (name === "mapBytes") return "export map, with a function for each input";
  return "leave one out";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
