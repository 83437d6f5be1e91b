/** The inputs of a job, as `mr run`, `mr-coordinator` and `mr sequential` take them on the command line. */
import { readFileSync } from "node:fs";
import { Argument, Option, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { expandNames } from "../input/expand.js";
import { findInputs, type InputFile } from "../input/files.js";
import { InputError } from "../input/input-error.js";
import { requireNotOnCommandLine } from "./giving-way.js";
import { appended } from "./values.js";

/** The name of standard input, and the key that `map` sees for it. */
const standardInput = "-";

export const inputNames = () =>
  new Argument(
    "[inputs...]",
    `input files, patterns in quotes ('logs/**/*.gz'), directories (--recursive), or - for standard input`,
  );

/** For a command that has other names for its arguments. */
export const inputOption = () =>
  new Option(
    "-i, --input <names...>",
    "input files of the first app, patterns in quotes, directories (--recursive), or - for standard input",
  ).argParser(appended);

export const inputsFrom = () =>
  new Option("--inputs-from <file>", "a file with more names of inputs, one a line; - for standard input");

export const recursive = () =>
  new Option("--recursive", "take all files below a directory, but those whose names begin with . or _");

interface Given {
  readonly inputsFrom?: string | undefined;
  readonly recursive?: true | undefined;
}

/**
 * Finds the files that are meant. Throws an InputError that says what is wrong. What comes from standard input is a file
 * for as long as this process lives.
 */
export async function findGivenInputs(
  names: readonly string[],
  given: Given,
  command: CommandUnknownOpts,
): Promise<InputFile[]> {
  const all = [...names, ...listedIn(given.inputsFrom)];
  const uses = all.filter((name) => name === standardInput).length + Number(given.inputsFrom === standardInput);
  if (uses > 1) throw new InputError("standard input can be read once, and it is named more often");
  if (all.length === 0) throw new InputError("there is no input: name files, or a file with names (--inputs-from)");
  if (all.includes(standardInput)) {
    const problem = "a job cannot be resumed whose input came from standard input: it is gone";
    requireNotOnCommandLine(command, "resume", problem);
  }
  const expanded = await expandNames(all, { recursive: given.recursive ?? false });
  if (!all.includes(standardInput)) return findInputs(expanded);
  // Others that cannot be read are told before anybody waits for the end of this one.
  findInputs(expanded.filter((name) => name !== standardInput));
  const { keepStandardInput } = await import("./standard-input.js");
  const kept = await keepStandardInput();
  return expanded.flatMap((name) => {
    if (name !== standardInput) return findInputs([name]);
    return findInputs([kept]).map((input) => ({ ...input, name }));
  });
}

/** Whether the inputs will still be there when a job that was interrupted is gone on with. */
export function areKept(inputs: readonly InputFile[]): boolean {
  return inputs.every(({ name }) => name !== standardInput);
}

function listedIn(file: string | undefined): string[] {
  if (file === undefined) return [];
  try {
    const text = readFileSync(file === standardInput ? 0 : file, "utf8");
    return text
      .replace(/^\uFEFF/, "")
      .split(/\r?\n/)
      .filter((name) => name !== "");
  } catch (error) {
    throw new InputError(`cannot read the list of inputs ${file}: ${(error as Error).message}`, { cause: error });
  }
}
