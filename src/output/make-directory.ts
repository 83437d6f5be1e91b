import { mkdirSync, rmdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { statsIfThere } from "../input/stats-of.js";

/**
 * Makes a directory and those above it that do not exist, and returns the paths of the ones that were made, the inmost
 * first. Throws the system's error when one cannot be made; then none is left of those that could.
 *
 * Not `mkdir` with `recursive`: that goes round for ever in Node 20 where a directory exists in which nothing can be made
 * and the system says ENOENT to that, as /proc does.
 */
export function makeDirectories(path: string): string[] {
  const made: string[] = [];
  try {
    const directories = missingDirectories(path);
    for (const directory of directories.toReversed()) if (makeDirectory(directory)) made.unshift(directory);
    if (directories.length === 0 && !statSync(path).isDirectory()) mkdirSync(path); // which says what is wrong
  } catch (error) {
    removeEmptyDirectories(made);
    throw error;
  }
  return made;
}

/** Removes directories, given the inmost first, up to the first that somebody has put something into. */
export function removeEmptyDirectories(directories: readonly string[]): void {
  for (const directory of directories) {
    try {
      rmdirSync(directory);
    } catch {
      return; // Not empty: somebody's files are in it.
    }
  }
}

/**
 * The directory and those above it that do not exist, as absolute paths, the inmost first. Throws the system's error
 * when one cannot be there, as a part of the path is a file.
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

/** False when somebody else has made it in the meantime. */
function makeDirectory(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && statSync(path).isDirectory()) return false;
    throw error;
  }
}
