/** Reads names of inputs from a file or from standard input. */
import { readFileSync } from "node:fs";
import { fsPath, nameOfBytes, shownName } from "../storage/file-name.js";
import { InputError } from "../input/input-error.js";

interface Given {
  readonly inputsFrom?: string | undefined;
  readonly inputsFrom0?: string | undefined;
}

interface Listed {
  readonly names: readonly string[];
  /** Whether the list came from standard input. */
  readonly isStandardInput: boolean;
}

const newline = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark = Buffer.from("\ufeff");
/** Read as descriptor 0: if it is a socket, it cannot be opened by name. */
const standardInputs: ReadonlySet<string | undefined> = new Set(["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]);

/** The names in the lists of `--inputs-from` and `--inputs-from0`. Throws an InputError if a list cannot be read. */
export function namesListedIn({ inputsFrom, inputsFrom0 }: Given): Listed {
  const isStandardInput = [inputsFrom, inputsFrom0].map((file) => standardInputs.has(file));
  if (isStandardInput[0] === true && isStandardInput[1] === true) {
    throw new InputError("standard input can be read only once, but is named several times");
  }
  return {
    names: [
      ...(inputsFrom === undefined ? [] : linesOf(inputsFrom)),
      ...(inputsFrom0 === undefined ? [] : namesOf(inputsFrom0)),
    ],
    isStandardInput: isStandardInput.includes(true),
  };
}

function linesOf(file: string): string[] {
  const bytes = read(file);
  if (bytes.includes(0)) {
    throw new InputError(
      `cannot read the list of inputs ${shownName(file)}: it contains a NUL character, but each name must be a line; ` +
        "to read names that end with NUL, as written by find -print0, use --inputs-from0",
    );
  }
  const hasMark = bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark);
  const lines = cut(hasMark ? bytes.subarray(byteOrderMark.length) : bytes, newline);
  return lines.map((line) => nameOfBytes(line.at(-1) === carriageReturn ? line.subarray(0, -1) : line)).filter(isName);
}

function namesOf(file: string): string[] {
  const bytes = read(file);
  if (bytes.length > 0 && !bytes.includes(0)) {
    throw new InputError(
      `cannot read the list of inputs ${shownName(file)}: it contains no NUL character, but each name must end with one; ` +
        "to read a list of lines, use --inputs-from",
    );
  }
  return cut(bytes, 0).map(nameOfBytes).filter(isName);
}

function read(file: string): Buffer {
  try {
    return readFileSync(standardInputs.has(file) ? 0 : fsPath(file));
  } catch (error) {
    throw new InputError(`cannot read the list of inputs ${shownName(file)}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function cut(bytes: Buffer, separator: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const found = rest.indexOf(separator);
    const end = found < 0 ? rest.length : found;
    pieces.push(rest.subarray(0, end));
    rest = rest.subarray(end + 1);
  }
  return pieces;
}

function isName(name: string): boolean {
  return name !== "";
}
