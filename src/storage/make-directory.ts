import { mkdirSync, rmdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { directoryIn } from "../model/output-names.js";
import { statsIfThere } from "./stats-of.js";

/**
 * Creates a directory and its missing parents, and returns the paths of the new directories, innermost first. Throws the
 * system's error when one cannot be created, after removing the others again.
 *
 * Does not use `mkdir` with `recursive`: in Node 20 that loops forever when an existing directory rejects new entries
 * with ENOENT, as /proc does.
 */
export function makeDirectories(path: string): string[] {
  const made: string[] = [];
  try {
    const directories = missingDirectories(path);
    for (const directory of directories.toReversed()) if (makeDirectory(directory)) made.unshift(directory);
    if (directories.length === 0 && !statSync(path).isDirectory()) mkdirSync(path); // throws the right error
  } catch (error) {
    removeEmptyDirectories(made);
    throw error;
  }
  return made;
}

/** Removes directories, given innermost first, up to the first that is not empty. */
export function removeEmptyDirectories(directories: readonly string[]): void {
  for (const directory of directories) {
    try {
      rmdirSync(directory);
    } catch {
      return; // Another process has put files into it.
    }
  }
}

/**
 * Returns the directory and its parents that do not exist, as absolute paths, innermost first. Throws the system's
 * error when one cannot exist because part of the path is a file.
 */
export function missingDirectories(path: string): string[] {
  const directories: string[] = [];
  let at = resolve(path);
  while (statsIfThere(at) === undefined) {
    directories.push(at);
    at = dirname(at);
  }
  return directories;
}

/** Returns false when another process has created it meanwhile. */
function makeDirectory(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && statSync(path).isDirectory()) return false;
    throw error;
  }
}

/** Removes the directories in which these files were, if they are empty now. Never throws. */
export function removeEmptyDirectoriesOf(jobDirectory: string, names: readonly string[]): void {
  for (const directory of new Set(names.map(directoryIn))) {
    if (directory === undefined) continue;
    try {
      rmdirSync(join(jobDirectory, directory));
    } catch {
      // Usually it has other files.
    }
  }
}
