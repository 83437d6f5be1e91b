/** The inputs of a job, as `mr run`, `mr-coordinator` and `mr sequential` take them on the command line. */
import { fstatSync } from "node:fs";
import { Argument, Option, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { expandNames } from "../input/expand.js";
import { lookAtInputs, type FoundInput, type InputFile, type UnsizedInput } from "../input/files.js";
import { InputError } from "../input/input-error.js";
import { requireNotOnCommandLine } from "./giving-way.js";
import { namesListedIn } from "./input-lists.js";
import { commandPath, say } from "./program.js";
import { appended } from "./values.js";

/** The name of standard input, and the key that `map` sees for it. */
const standardInput = "-";
/** How many skipped names the warning lists. */
const toldMax = 3;

export const inputNames = () =>
  new Argument(
    "[inputs...]",
    `input files, patterns in quotes ('logs/**/*.gz'), directories (--recursive), pipes, or - for standard input`,
  );

/** For a command whose arguments are not inputs. */
export const inputOption = () =>
  new Option(
    "-i, --input <names...>",
    "input files of the first app, patterns in quotes, directories (--recursive), or - for standard input",
  ).argParser(appended);

export const inputsFrom = () =>
  new Option("--inputs-from <file>", "a file with more names of inputs, one per line; - for standard input");

export const inputsFrom0 = () =>
  new Option("--inputs-from0 <file>", "the same, with NUL after each name, as written by find -print0");

export const recursive = () =>
  new Option("--recursive", "read all files below a directory, except names that begin with . or _");

interface Given {
  readonly inputsFrom?: string | undefined;
  readonly inputsFrom0?: string | undefined;
  readonly recursive?: true | undefined;
  /** About how much of an input that can be read only once is needed; all of it by default. */
  readonly copyBytesMax?: number;
}

/**
 * Finds the input files, and warns of skipped entries. Throws an InputError that explains the problem. Copies inputs that
 * can be read only once to files that live as long as this process.
 */
export async function findGivenInputs(
  names: readonly string[],
  given: Given,
  command: CommandUnknownOpts,
): Promise<InputFile[]> {
  const listed = namesListedIn(given);
  const all = [...names, ...listed.names];
  if (all.length === 0) {
    throw new InputError("there is no input: name files, or - for standard input, or a list of files (--inputs-from)");
  }
  const { files, passedOver } = await expandNames(all, { recursive: given.recursive ?? false });
  const found = foundIn(files);
  const unsized = found.filter((input) => "isUnsized" in input);
  requireReadOnce(unsized, listed.isStandardInput);
  const [first] = unsized;
  if (first !== undefined) {
    const from = first.descriptor === 0 ? "standard input" : `${first.name}, which can be read only once`;
    const problem = `cannot resume a job with input from ${from}: the data is gone`;
    requireNotOnCommandLine(command, "resume", problem);
  }
  tellPassedOver(passedOver, command);
  const inputs: InputFile[] = [];
  const copies = first && new (await import("./copied-inputs.js")).CopiedInputs();
  // One after the other: a process that writes to two pipes may wait until the first is read.
  for (const input of found) {
    if (!("isUnsized" in input)) inputs.push(input);
    else if (copies !== undefined) inputs.push(await copies.add(input, given.copyBytesMax));
  }
  return inputs;
}

/** Whether the inputs will still exist when an interrupted job is resumed. */
export function areKept(inputs: readonly InputFile[]): boolean {
  return inputs.every(({ isCopy }) => isCopy !== true);
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

function tellPassedOver(names: readonly string[], command: CommandUnknownOpts): void {
  if (names.length === 0) return;
  const more = names.length > toldMax ? `, and ${names.length - toldMax} more` : "";
  const count = names.length === 1 ? "1 entry that is not a file" : `${names.length} entries that are not files`;
  const told = names.slice(0, toldMax).join(", ");
  say(commandPath(command), `warning: passed over ${count}: ${told}${more}`);
}
