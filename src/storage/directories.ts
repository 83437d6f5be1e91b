/** Directories to write to: creates them, removes them when they are empty, and says why they are not writable. */
import { mkdirSync, rmdirSync, statSync, type Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { directoryIn } from "../model/output-names.js";

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

/**
 * Inspects a path where a file will be written; undefined when nothing has that name. Throws every other system error,
 * including `ENOTDIR`. The option `throwIfNoEntry: false` differs: Node.js 20 throws ENOTDIR, but later versions return
 * undefined, as if the file could be created there.
 */
export function statsIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Says briefly why the system refuses to write a file or create a directory at a place that a user named. */
export function whyNotWritable(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return reasons[code] ?? message;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EEXIST: "there is a file of that name",
  ELOOP: "it is a symbolic link that leads to itself",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "it cannot be created there",
  ENOTDIR: "part of the path is not a directory",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
};
