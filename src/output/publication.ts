/**
 * Replaces the output of an earlier job with the output of a finished job. While a job runs, every file that it makes for the
 * user has a hidden name in the output directory, such as `.mr-new-<job>-mr-out-0`. A job that fails, stops or is killed
 * therefore leaves the earlier output unchanged. `publish` then works in this order:
 *
 *     1. write `.mr-publish`, a note of the renames that follow, and flush it to the disk
 *     2. rename the old manifest, then the other old files, to `.mr-old-<job>-…`
 *     3. rename the new files, the manifest last, to their own names, and flush the directory
 *     4. remove the note: the new output is published
 *     5. remove the old files
 *
 * When a rename fails, `publish` undoes the earlier ones and the old output is back. When the process is killed, the next job
 * in the directory finds the note and calls `completePublication`. In the meantime readers find a note and no manifest, and
 * refuse to read.
 */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { InputError } from "../input/input-error.js";
import {
  jobIdPattern,
  manifestName,
  publicationName,
  replacedName,
  stagedName,
  temporaryPublicationName,
} from "./names.js";
import { directoryIn, isNamedOutputFile } from "../model/output-names.js";
import { removeEmptyDirectoriesOf } from "../storage/directories.js";
import { filesIn } from "./job-files.js";
import { removeQuietly, writeWhole } from "../storage/staged-file.js";

const fileName = v.pipe(
  v.string(),
  v.check((name) => isNamedOutputFile(name) || (name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name))),
);

const publication = v.object({
  publication: v.literal(1),
  jobId: v.pipe(v.string(), v.regex(jobIdPattern)),
  /** Names of the new files, in renaming order. Each file has its hidden name first. */
  names: v.array(fileName),
  /** Names of the old files to remove. */
  obsolete: v.array(fileName),
});

/** The files that a publication adds and removes. */
export type Publication = Pick<v.InferOutput<typeof publication>, "jobId" | "names" | "obsolete">;

/** Renames a file. Tests pass one that fails. */
export type Rename = (from: string, to: string) => void;

export interface PublishOptions {
  /** Whether the job has published before: a file without a staged name then stands under its own. False by default. */
  readonly isRepeated?: boolean;
  readonly rename?: Rename;
}

/**
 * Publishes the staged files of a job under `names` and removes the `obsolete` files, or changes nothing.
 *
 * Throws an InputError when a staged file is missing or a directory has one of the names, and the system's error when a
 * rename fails. The caller holds the lock of the directory.
 */
export function publish(
  directory: string,
  what: Publication,
  { isRepeated = false, rename = renameSync }: PublishOptions = {},
): void {
  const { jobId, names } = what;
  requireFree(directory, names);
  const pathOf = (name: string) => join(directory, name);
  const isStaged = (name: string) => isThere(pathOf(stagedName(jobId, name)));
  const fresh = manifestLast(names).filter(isStaged);
  const missing = names.find((name) => !isStaged(name) && !(isRepeated && isThere(pathOf(name))));
  if (missing !== undefined) {
    throw new InputError(`${pathOf(stagedName(jobId, missing))} was removed while the job ran; run the job again`);
  }
  const old = manifestFirst([...fresh, ...withoutNew(what)]);
  const moves = [
    ...old.filter((name) => isThere(pathOf(name))).map((name) => ({ from: name, to: replacedName(jobId, name) })),
    ...fresh.map((name) => ({ from: stagedName(jobId, name), to: name })),
  ];
  writeNote(directory, what);
  const done: typeof moves = [];
  try {
    for (const move of moves) {
      makeWay(directory, move.to);
      rename(pathOf(move.from), pathOf(move.to));
      done.push(move);
    }
    flushAll(directory, names);
  } catch (error) {
    // If this fails too, the note stays, and the next job completes the publication.
    for (const { from, to } of done.toReversed()) {
      makeWay(directory, from);
      rename(pathOf(to), pathOf(from));
    }
    removeEmptyDirectoriesOf(directory, names);
    unlinkSync(pathOf(publicationName));
    throw error;
  }
  end(directory, what);
}

/**
 * Completes an interrupted publication, and returns false if the directory has none. Throws the system's error when a rename
 * fails; the caller may try again. The caller holds the lock of the directory.
 */
export function completePublication(directory: string, rename: Rename = renameSync): boolean {
  const what = readNote(directory);
  if (what === undefined) return false;
  const { jobId, names } = what;
  const pathOf = (name: string) => join(directory, name);
  const moveAway = (name: string) => {
    if (isThere(pathOf(name))) rename(pathOf(name), pathOf(replacedName(jobId, name)));
  };
  const fresh = manifestLast(names).filter((name) => isThere(pathOf(stagedName(jobId, name))));
  // A manifest under its own name is the old one only while the new one is still staged.
  if (fresh.includes(manifestName)) moveAway(manifestName);
  for (const name of withoutNew(what)) moveAway(name);
  for (const name of fresh) {
    moveAway(name);
    makeWay(directory, name);
    rename(pathOf(stagedName(jobId, name)), pathOf(name));
  }
  flushAll(directory, names);
  end(directory, what);
  return true;
}

function writeNote(directory: string, what: Publication): void {
  const text = `${JSON.stringify({ publication: 1, ...what } satisfies v.InferInput<typeof publication>)}\n`;
  const temporaryPath = join(directory, temporaryPublicationName(what.jobId));
  // A coordinator that was killed here may have left one, if this job was resumed.
  rmSync(temporaryPath, { force: true });
  writeWhole(temporaryPath, join(directory, publicationName), text, (file) => file.finish());
  flush(directory);
}

/** Returns undefined if the directory has no note. */
function readNote(directory: string): Publication | undefined {
  const path = join(directory, publicationName);
  if (!isThere(path)) return undefined;
  try {
    return v.parse(publication, JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    throw new InputError(
      `${path} is damaged, or of another version of mapreduce-ts: the output in ${directory} is a mixture of two jobs; ` +
        "move its files away, that one included",
      { cause: error },
    );
  }
}

/** Removes the note and the old files. The next job removes old files that cannot be removed now. */
function end(directory: string, { jobId, obsolete }: Publication): void {
  unlinkSync(join(directory, publicationName));
  const prefix = replacedName(jobId, "");
  for (const name of filesIn(directory)) if (name.startsWith(prefix)) removeQuietly(join(directory, name));
  removeEmptyDirectoriesOf(directory, obsolete);
}

/**
 * Creates the directory of an output that the app named. Throws an InputError when its name differs from another
 * output's only in a way that the file system ignores, such as upper case.
 */
function makeWay(jobDirectory: string, name: string): void {
  const own = directoryIn(name);
  if (own === undefined) return;
  const path = join(jobDirectory, own);
  if (!isThere(path)) mkdirSync(path);
  if (isThere(join(jobDirectory, name))) {
    throw new InputError(`${join(jobDirectory, name)} is there already: does the file system ignore upper case?`);
  }
}

/** Flushes the names in a job's directory, and in the directories of the outputs that the app named. */
function flushAll(jobDirectory: string, names: readonly string[]): void {
  for (const own of new Set(names.map(directoryIn))) {
    if (own !== undefined) flush(join(jobDirectory, own));
  }
  flush(jobDirectory);
}

/** A rename can replace a file, but not a directory. */
function requireFree(directory: string, names: readonly string[]): void {
  const directories = new Set(names.flatMap((name) => directoryIn(name) ?? []));
  const blocked = Array.from(directories, (name) => join(directory, name)).find((path) => {
    return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
  });
  if (blocked !== undefined) {
    throw new InputError(`${blocked} is not a directory; move it away, or choose another --output-dir`);
  }
  const taken = names
    .map((name) => join(directory, name))
    .find((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true);
  if (taken !== undefined) {
    throw new InputError(`${taken} is a directory; move it away, or choose another --output-dir`);
  }
}

/** The old files that no new file replaces. */
function withoutNew({ names, obsolete }: Publication): string[] {
  const fresh = new Set(names);
  return obsolete.filter((name) => !fresh.has(name));
}

function manifestFirst(names: readonly string[]): string[] {
  return [...names.filter((name) => name === manifestName), ...names.filter((name) => name !== manifestName)];
}

function manifestLast(names: readonly string[]): string[] {
  return [...names.filter((name) => name !== manifestName), ...names.filter((name) => name === manifestName)];
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Flushes the names in a directory to the disk, on file systems that support it. */
function flush(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } catch (error) {
    if (!["EINVAL", "ENOTSUP", "EBADF"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    closeSync(descriptor);
  }
}
