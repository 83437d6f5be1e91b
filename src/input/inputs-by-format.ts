import type { CsvOptions } from "../app/contract.js";
import { formatOf, type AppInputs, type HasKind } from "../model/input-kinds.js";
import type { InputFile } from "./files.js";
import { InputError } from "./input-error.js";

/** What planning has to know about how the files of an input are read. */
export interface PlannedFormat extends HasKind {
  /** The app's options for `"csv"`. */
  readonly csv?: CsvOptions | undefined;
}

/** What planning has to know about an app. */
export type PlannedApp = { readonly name: string } & AppInputs<PlannedFormat>;

/** The files that an app reads in the same way. */
interface FilesOfFormat {
  readonly format: PlannedFormat;
  readonly files: readonly InputFile[];
}

/**
 * Assigns the files of a job to the inputs of its app, in the order in which the app declares these. Throws an InputError
 * that says what to write when the app declares inputs and a file has none of their names, or one of them has no file; and
 * when a file has a name although the app declares none.
 */
export function inputsByFormat(app: PlannedApp, files: readonly InputFile[]): FilesOfFormat[] {
  const problem = app.inputs === undefined ? problemOfOne(app, files) : problemOfNamed(app.name, app.inputs, files);
  if (problem !== undefined) throw new InputError(problem);
  if (app.inputs === undefined) return [{ format: formatOf<PlannedFormat>(app, {}), files }];
  return Object.entries(app.inputs).map(([name, format]) => {
    return { format, files: files.filter(({ input }) => input === name) };
  });
}

function problemOfOne({ name }: PlannedApp, files: readonly InputFile[]): string | undefined {
  const named = files.find(({ input }) => input !== undefined);
  return (
    named &&
    `app ${name} declares no inputs, so it has none called ${named.input}: give its files without a name, as in ${named.name}`
  );
}

function problemOfNamed(
  name: string,
  inputs: NonNullable<PlannedApp["inputs"]>,
  files: readonly InputFile[],
): string | undefined {
  const names = Object.keys(inputs);
  const usage = names.map((input) => `--input ${input}=FILE`).join(" ");
  const unknown = files.find(({ input }) => input !== undefined && !names.includes(input));
  if (unknown !== undefined) return `app ${name} has no input ${unknown.input}; write: ${usage}`;
  const unnamed = files.find(({ input }) => input === undefined);
  if (unnamed !== undefined) {
    return `app ${name} declares inputs, and ${unnamed.name} is given for none of them; write: ${usage}`;
  }
  const missing = names.find((input) => !files.some((file) => file.input === input));
  return missing && `there is no file for the input ${missing} of app ${name}; write: ${usage}`;
}
