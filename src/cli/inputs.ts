/** The inputs of a job, as `mr run`, `mr-coordinator` and `mr sequential` take them on the command line. */
import { fstatSync } from "node:fs";
import { Argument, Option, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { isArgName } from "../model/required-options.js";
import { expandInputNames, passedOverText, type InputName } from "../input/expand.js";
import { inputOf, lookAtInputs, type FoundInput, type InputFile, type UnsizedInput } from "../input/files.js";
import { InputError } from "../input/input-error.js";
import { appended } from "../local/option-parsers.js";
import { isOnCommandLine, requireNotOnCommandLine } from "./giving-way.js";
import { namesListedIn } from "./input-lists.js";
import { commandPath, say } from "./program.js";

/** The name of standard input, and the key that `map` sees for it. */
const standardInput = "-";

export const inputNames = () =>
  new Argument(
    "[inputs...]",
    `input files, patterns in quotes ('logs/**/*.gz'), directories (--recursive), pipes, or - for standard input`,
  );

/** For a command whose arguments are not inputs. */
export const inputOption = () =>
  new Option(
    "-i, --input <names...>",
    "input files of the first app, patterns in quotes, directories (--recursive), or - for standard input; " +
      "as name=file if that app declares inputs",
  ).argParser(appended);

/** For a command whose arguments are the inputs of apps that declare none by name. */
export const namedInput = () =>
  new Option(
    "--input <name=file>",
    "a file, pattern or directory for an input that the app declares; repeatable, instead of other inputs",
  ).argParser(appended);

export const inputsFrom = () =>
  new Option("--inputs-from <file>", "a file with more names of inputs, one per line; - for standard input");

export const inputsFrom0 = () =>
  new Option("--inputs-from0 <file>", "the same, with NUL after each name, as written by find -print0");

export const recursive = () =>
  new Option("--recursive", "read all files below a directory, except names that begin with . or _");

interface Given {
  readonly input?: readonly string[] | undefined;
  readonly inputsFrom?: string | undefined;
  readonly inputsFrom0?: string | undefined;
  readonly recursive?: true | undefined;
  /** About how much of an input that can be read only once is needed; all of it by default. */
  readonly copyBytesMax?: number;
}

/**
 * The names of inputs among the arguments of a command, or else in its options `--input`. Throws an InputError if the command
 * line has both, or an option without the name of an input.
 */
export function givenNames(
  names: readonly string[],
  { input = [] }: Given,
  command: CommandUnknownOpts,
): readonly InputName[] {
  const areListed = isOnCommandLine(command, "inputsFrom") || isOnCommandLine(command, "inputsFrom0");
  if (names.length === 0 && !(areListed && !isOnCommandLine(command, "input"))) return input.map(parseNamed);
  if (names.length > 0)
    requireNotOnCommandLine(
      command,
      "input",
      `${names[0]} is given without the name of an input, beside --input ${input[0]}: an app that declares inputs takes ` +
        "all files as --input NAME=FILE, any other app takes them as arguments",
    );
  return names.map((name) => ({ name }));
}

/** The names of inputs in the options `--input` of a pipeline. `areNamed` tells whether its first app declares inputs. */
export function namesForPipeline({ input = [] }: Given, areNamed: boolean): readonly InputName[] {
  return areNamed ? input.map(parseNamed) : input.map((name) => ({ name }));
}

/** Splits a text such as `orders=2024/*.jsonl`. Throws an InputError if it does not begin with the name of an input. */
function parseNamed(text: string): InputName {
  const at = text.indexOf("=");
  const input = text.slice(0, Math.max(at, 0));
  const name = text.slice(at + 1);
  if (isArgName(input) && name !== "") return { name, input };
  throw new InputError(
    `--input ${text === "" ? '""' : text}: write --input NAME=FILE, with the name of an input that the app declares`,
  );
}

/**
 * Finds the input files, and warns of skipped entries. Throws an InputError that explains the problem. Copies inputs that
 * can be read only once to files that live as long as this process.
 */
export async function findGivenInputs(
  names: readonly InputName[],
  given: Given,
  command: CommandUnknownOpts,
): Promise<InputFile[]> {
  const areNamed = names.some(({ input }) => input !== undefined);
  if (areNamed) {
    const problem = "a list of inputs does not say which input of the app each file is for: use --input NAME=FILE";
    requireNotOnCommandLine(command, "inputsFrom", problem);
    requireNotOnCommandLine(command, "inputsFrom0", problem);
  }
  const listed = areNamed ? { names: [], isStandardInput: false } : namesListedIn(given);
  const all = [...names, ...listed.names.map((name): InputName => ({ name }))];
  if (all.length === 0) {
    throw new InputError(
      "there is no input: name files, or - for standard input, or a list of files (--inputs-from); " +
        "for an app that declares inputs, write --input NAME=FILE for each",
    );
  }
  const { files, passedOver } = await expandInputNames(all, { recursive: given.recursive ?? false });
  const found = foundIn(files.map(({ name }) => name));
  const unsized = found.filter((input) => "isUnsized" in input);
  requireReadOnce(unsized, listed.isStandardInput);
  const [first] = unsized;
  if (first !== undefined) {
    const from = first.descriptor === 0 ? "standard input" : `${first.name}, which can be read only once`;
    const problem = `cannot resume a job with input from ${from}: the data is gone`;
    requireNotOnCommandLine(command, "resume", problem);
  }
  if (passedOver.length > 0) say(commandPath(command), `warning: ${passedOverText(passedOver)}`);
  const inputs: InputFile[] = [];
  const copies = first && new (await import("./copied-inputs.js")).CopiedInputs();
  // One after the other: a process that writes to two pipes may wait until the first is read.
  for (const [index, input] of found.entries()) {
    const file = "isUnsized" in input ? await copies?.add(input, given.copyBytesMax) : input;
    if (file !== undefined) inputs.push({ ...file, ...inputOf(files[index] ?? {}) });
  }
  return inputs;
}

function foundIn(names: readonly string[]): FoundInput[] {
  const others = lookAtInputs(names.filter((name) => name !== standardInput)).values();
  return names.flatMap((name) => {
    if (name !== standardInput) return others.next().value ?? [];
    return { name, isUnsized: true, descriptor: 0, identity: identityOfStandardInput() } as const;
  });
}

function requireReadOnce(inputs: readonly UnsizedInput[], isListOnStandardInput: boolean): void {
  const read = new Set(isListOnStandardInput ? [identityOfStandardInput()] : []);
  for (const { name, descriptor, identity } of inputs) {
    if (identity === undefined) continue;
    if (read.has(identity)) {
      throw new InputError(
        `${descriptor === 0 ? "standard input" : name} can be read only once, but is named several times: copy it to a file, and name the file`,
      );
    }
    read.add(identity);
  }
}

/** Identifies an `UnsizedInput`: `-` and `/dev/stdin` are the same. */
function identityOfStandardInput(): string {
  try {
    const { dev, ino } = fstatSync(0, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return standardInput; // It is closed; reading it will report that.
  }
}
