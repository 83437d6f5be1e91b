/**
 * Checks the places of files that a user wants besides the output. It runs before the job begins, because these files
 * are written at its end.
 */
import { accessSync, constants, realpathSync, statSync, type Stats } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { InputFile } from "../input/files.js";
import { InputError } from "../input/input-error.js";
import { statsIfThere, missingDirectories, whyNotWritable } from "../storage/directories.js";
import { jobFileKind, looksLikeOutput } from "./names.js";
import { behindLinks, isPipeOrDevice } from "./report.js";

/**
 * Throws an InputError unless files can be written in this directory, which may not exist yet. `what` names the files.
 */
export function requireWritableDirectory(path: string, what: string): void {
  try {
    const outmost = missingDirectories(path).at(-1);
    const there = outmost === undefined ? path : dirname(outmost);
    if (!statSync(there).isDirectory()) throw new Error(`${there} is not a directory`);
    accessSync(there, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw cannotWrite(path, what, error);
  }
}

function cannotWrite(path: string, what: string, error: unknown): InputError {
  return new InputError(`cannot write ${what} to ${path}: ${whyNotWritable(error)}`, { cause: error });
}

/**
 * Throws an InputError when a file of this name cannot or must not be written: it is an input, or its name belongs to a
 * job's file and is not `ownName`.
 */
export function requireWritableFile(path: string, what: string, inputs: readonly InputFile[], ownName?: string): void {
  if (path === "" || path === "-" || path.endsWith("/")) {
    throw new InputError(`cannot write ${what} to ${JSON.stringify(path)}: name a file`);
  }
  const stats = lookAt(path, what);
  const target = behindLinks(path);
  if ([path, target].some((one) => basename(one) !== ownName && hasNameOfJobFile(one))) {
    throw new InputError(`cannot write ${what} to ${path}: it has the name of a job's file; choose another one`);
  }
  if (isPipeOrDevice(stats)) return;
  requireWritableDirectory(dirname(resolve(target)), what);
  if (stats?.isDirectory() === true) throw new InputError(`cannot write ${what} to ${path}: it is a directory`);
  if (stats !== undefined && inputs.some((input) => input.path === realpathSync(path))) {
    throw new InputError(`cannot write ${what} to ${path}: it is an input`);
  }
}

function hasNameOfJobFile(path: string): boolean {
  const name = basename(path);
  return jobFileKind(name) !== undefined || looksLikeOutput(name);
}

function lookAt(path: string, what: string): Stats | undefined {
  try {
    return statsIfThere(path);
  } catch (error) {
    throw cannotWrite(path, what, error);
  }
}
