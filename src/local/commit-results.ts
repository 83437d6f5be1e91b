import { lstatSync } from "node:fs";
import { join } from "node:path";
import { manifestName } from "../output/names.js";
import { removeQuietly } from "../output/remove-quietly.js";
import { commitFile } from "../output/staged-file.js";
import { fileErrorText, isOwnFileError } from "../worker/system-error.js";
import { AppFailedError } from "./app-failed-error.js";

/** A file that an attempt has finished, and what it is to be called. */
export interface Result {
  readonly temporaryPath: string;
  readonly name: string;
}

/**
 * Gives the results of a job their names, after `clear`, and then calls `finish`, which writes the manifest. When one of them
 * cannot be had, throws an AppFailedError, and none of the results is left; what was there before is, if that could be
 * foreseen. What `clear` and `finish` throw that is no error of the system goes on.
 */
export function commitResults(
  directory: string,
  results: readonly Result[],
  { clear, finish }: { readonly clear: () => void; readonly finish: () => void },
): void {
  requireFree(directory, [...results.map(({ name }) => name), manifestName]);
  const committed: string[] = [];
  try {
    clear();
    for (const { temporaryPath, name } of results) {
      const path = join(directory, name);
      commitFile(temporaryPath, path);
      committed.push(path);
    }
    finish();
  } catch (error) {
    committed.forEach(removeQuietly);
    if (!(error instanceof Error && isOwnFileError(error))) throw error;
    throw new AppFailedError(`the output cannot be written: ${fileErrorText(error)}`);
  }
}

/** A file takes the place of another one, and not that of a directory. */
function requireFree(directory: string, names: readonly string[]): void {
  const taken = names
    .map((name) => join(directory, name))
    .find((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true);
  if (taken === undefined) return;
  throw new AppFailedError(
    `the output cannot be written: ${taken} is a directory; move it away, or choose another --output-dir`,
  );
}
