import { lstatSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../input/input-error.js";
import { publicationName } from "./names.js";

/** Throws an InputError when the output in a directory is being replaced: then it contains parts of two outputs. */
export function requireWhole(directory: string): void {
  if (!isBeingReplaced(directory)) return;
  throw new InputError(
    `the output in ${directory} is being replaced, or the job that did so was killed: the next job in that directory ` +
      "completes that first; run the same command again, with --resume to keep its finished work",
  );
}

/** Whether the output in a directory is being replaced, or the job that did so could not finish. */
export function isBeingReplaced(directory: string): boolean {
  try {
    return lstatSync(join(directory, publicationName), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false; // For example, it is not a directory; reading the manifest will report that.
  }
}
