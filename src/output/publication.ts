/**
 * Replaces the output of an earlier job by that of the job that is done. Until then every file that a job makes for its user
 * has a hidden name in the output directory, `.mr-new-<job>-mr-out-0`, so that a job that fails, is stopped or is killed
 * leaves the earlier output as it was. Publishing is a series of renames:
 *
 *     1. `.mr-publish`, the note of what is about to happen; on the disk before anything else is touched
 *     2. the old manifest, then the other old files  →  `.mr-old-<job>-…`
 *     3. the new files, the manifest last            →  their own names; on the disk before the note goes
 *     4. the note is removed: the new output is published
 *     5. the old files are removed
 *
 * When a rename fails, those before it are undone, and the old output is as it was. When the process is killed in between, the
 * next job that takes the directory finds the note and completes the publication (`completePublication`). Until then readers
 * find the note, and no manifest, and refuse to read.
 */
import { closeSync, fsyncSync, lstatSync, openSync, readFileSync, renameSync, rmSync, unlinkSync } from "node:fs";
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
import { filesIn } from "./job-files.js";
import { removeQuietly } from "./remove-quietly.js";
import { writeWhole } from "./staged-file.js";

const fileName = v.pipe(
  v.string(),
  v.check((name) => name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name)),
);

const publication = v.object({
  publication: v.literal(1),
  jobId: v.pipe(v.string(), v.regex(jobIdPattern)),
  /** Names of the new files, in the order in which they get them. Each stands under its hidden name before. */
  names: v.array(fileName),
  /** Names of the old files, which go. */
  obsolete: v.array(fileName),
});

/** What is to be published. */
export type Publication = Pick<v.InferOutput<typeof publication>, "jobId" | "names" | "obsolete">;

/** How files are renamed; a test lets it fail. */
export type Rename = (from: string, to: string) => void;

/**
 * Publishes the staged files of a job under `names` and removes the `obsolete` files, all of it or nothing. A file that has no
 * staged name any more has its own already, from a publication that was interrupted.
 *
 * Throws an InputError when something that is no file has one of the names, and the system's error; then nothing has changed.
 * The caller holds the lock of the directory.
 */
export function publish(directory: string, what: Publication, rename: Rename = renameSync): void {
  const { jobId, names } = what;
  requireFree(directory, names);
  const pathOf = (name: string) => join(directory, name);
  const fresh = manifestLast(names).filter((name) => isThere(pathOf(stagedName(jobId, name))));
  const old = manifestFirst([...fresh, ...withoutNew(what)]);
  const moves = [
    ...old.filter((name) => isThere(pathOf(name))).map((name) => ({ from: name, to: replacedName(jobId, name) })),
    ...fresh.map((name) => ({ from: stagedName(jobId, name), to: name })),
  ];
  writeNote(directory, what);
  const done: typeof moves = [];
  try {
    for (const move of moves) {
      rename(pathOf(move.from), pathOf(move.to));
      done.push(move);
    }
    flush(directory);
  } catch (error) {
    // If undoing fails as well, the note stays, and the next job completes the publication.
    for (const { from, to } of done.toReversed()) rename(pathOf(to), pathOf(from));
    unlinkSync(pathOf(publicationName));
    throw error;
  }
  end(directory, jobId);
}

/**
 * Goes on with a publication that was interrupted, to its end. False when there is none. Throws the system's error when a file
 * cannot be renamed; it can be tried again. The caller holds the lock of the directory.
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
  // The old one, unless the new one is there already.
  if (fresh.includes(manifestName)) moveAway(manifestName);
  for (const name of withoutNew(what)) moveAway(name);
  for (const name of fresh) {
    moveAway(name);
    rename(pathOf(stagedName(jobId, name)), pathOf(name));
  }
  flush(directory);
  end(directory, jobId);
  return true;
}

function writeNote(directory: string, what: Publication): void {
  const text = `${JSON.stringify({ publication: 1, ...what } satisfies v.InferInput<typeof publication>)}\n`;
  const temporaryPath = join(directory, temporaryPublicationName(what.jobId));
  // Of a coordinator that was killed here, and whose job is gone on with.
  rmSync(temporaryPath, { force: true });
  writeWhole(temporaryPath, join(directory, publicationName), text, (file) => file.finish());
  flush(directory);
}

/** Undefined when there is none. */
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

/** Removes the note and the old files. Old files that cannot be removed do no harm: the next job removes them. */
function end(directory: string, jobId: string): void {
  unlinkSync(join(directory, publicationName));
  const prefix = replacedName(jobId, "");
  for (const name of filesIn(directory)) if (name.startsWith(prefix)) removeQuietly(join(directory, name));
}

/** A file takes the place of another one, and not that of a directory. */
function requireFree(directory: string, names: readonly string[]): void {
  const taken = names
    .map((name) => join(directory, name))
    .find((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true);
  if (taken !== undefined) {
    throw new InputError(`${taken} is a directory; move it away, or choose another --output-dir`);
  }
}

/** The old files whose names the new output does not have. */
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

/** Waits until the disk has the names in a directory. Not every file system can do that, and then there is nothing to do. */
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
