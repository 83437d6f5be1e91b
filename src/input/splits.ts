import { constants } from "node:buffer";
import type { InputKind } from "../app/contract.js";
import type { Split } from "../rpc/protocol.js";
import type { InputFile } from "./files.js";
import { InputError } from "./input-error.js";

/** How long a split is at most, unless a single line is longer (paper section 3.1: "typically 16 to 64 megabytes"). */
export const splitBytesDefault = 64 * 1024 * 1024;
const splitBytesMin = 1024 * 1024;
/** A few splits for each worker, so that they end at about the same time. */
const splitsPerWorker = 3;

/**
 * Cuts the inputs into splits, one for each map task (paper section 3.1), in the order in which they were given.
 *
 * With `"file"` each file is one. With `"text"` and `"lines"` a file is cut into equal parts of at most `splitBytes`,
 * wherever that is: the reader of a split finds the next line end (`line-start.ts`), so that planning reads nothing. An
 * empty file has no line and so no split.
 *
 * Throws an InputError that names the file when an app is to be given a whole file that is longer than a string can be.
 * That holds for `mapBytes`, too, which needs no string: who plans knows what an app is given, and not as what.
 */
export function planSplits(inputs: readonly InputFile[], kind: InputKind, splitBytes: number): Split[] {
  if (kind !== "file") return inputs.flatMap((input) => parts(input, Math.ceil(input.sizeBytes / splitBytes)));
  for (const { name, sizeBytes } of inputs) {
    if (sizeBytes > constants.MAX_STRING_LENGTH) throw new InputError(tooLong(name, sizeBytes));
  }
  return inputs.flatMap((input) => parts(input, 1));
}

/** The length of splits when the user names none: shorter when there would be too few of them to keep `workers` busy. */
export function splitBytesFor(inputs: readonly InputFile[], workers: number): number {
  const totalBytes = inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const fairShare = Math.ceil(totalBytes / (workers * splitsPerWorker));
  return Math.min(splitBytesDefault, Math.max(splitBytesMin, fairShare));
}

function parts({ name, path, sizeBytes }: InputFile, count: number): Split[] {
  return Array.from({ length: count }, (_, part) => ({
    file: name,
    path,
    startBytes: Math.floor((sizeBytes / count) * part),
    endBytes: part === count - 1 ? sizeBytes : Math.floor((sizeBytes / count) * (part + 1)),
  }));
}

function tooLong(name: string, sizeBytes: number): string {
  return (
    `${name} has ${sizeBytes} bytes, more than an app can be given whole (${constants.MAX_STRING_LENGTH}): ` +
    'let the app export input = "text" (or "lines"), and it is given the file in splits'
  );
}
