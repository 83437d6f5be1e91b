/**
 * The job's directory, which contains its intermediate files, outputs and unfinished files. One job at a time locks it.
 * The job leaves an earlier job's output there until it is done itself, and leaves no unfinished file when it has
 * ended.
 */
import { accessSync, constants, lstatSync, readdirSync, realpathSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError } from "../input/input-error.js";
import { DirectoryLockedError, lockDirectory, type DirectoryLock } from "../storage/directory-lock.js";
import { filesIn, requireSourcesApart, type JobSources } from "./job-files.js";
import {
  makeDirectories,
  missingDirectories,
  removeEmptyDirectories,
  removeEmptyDirectoriesOf,
  whyNotWritable,
} from "../storage/directories.js";
import { jobFileKind, stagedPrefix, type JobFileKind } from "./names.js";
import { completePublication } from "./publication.js";
import { isBeingReplaced } from "./whole-output.js";

interface ClearOptions {
  /** The suffix of output names, when they are in an app's own format. */
  readonly suffix?: string;
  /** Names of files to keep. */
  readonly kept?: readonly string[];
}

/** A directory that this process has locked. */
export class JobDirectory {
  /** Absolute, without symbolic links. */
  readonly path: string;
  /** The directories that were created for it, innermost first. */
  readonly #made: readonly string[];
  readonly #lock: DirectoryLock;

  private constructor(path: string, made: readonly string[], lock: DirectoryLock) {
    this.path = path;
    this.#made = made;
    this.#lock = lock;
  }

  /**
   * Locks the directory, creating it if necessary. Changes nothing in it yet, except that it completes the publication
   * of a job that was killed while replacing an earlier output.
   *
   * Throws an InputError when the directory is not writable, when another job runs in it, or when it contains a source
   * under a name that would be cleared away. `suffix` is the suffix of the job's output names, if already known.
   */
  static async take(path: string, sources: JobSources, suffix?: string): Promise<JobDirectory> {
    if (path === "") throw new InputError("the name of the output directory is empty");
    let made: string[] = [];
    try {
      made = makeDirectories(path);
      const absolute = realpathSync(path);
      accessSync(absolute, constants.W_OK | constants.X_OK);
      requireSourcesApart(absolute, path, sources, suffix);
      const held = await lock(absolute, path);
      complete(absolute, held);
      return new JobDirectory(absolute, made, held);
    } catch (error) {
      removeEmptyDirectories(made);
      if (error instanceof InputError) throw error;
      if (!(error instanceof DirectoryLockedError)) throw unusable(path, error);
      throw new InputError(`another job is running in ${path}; choose another --output-dir`, { cause: error });
    }
  }

  /**
   * Returns the path that the directory would have if it was locked; undefined when it would have to be created.
   * Changes nothing. Throws an InputError as `take` does, except when another job runs in it.
   */
  static foresee(path: string, sources: JobSources, suffix?: string): string | undefined {
    if (path === "") throw new InputError("the name of the output directory is empty");
    try {
      const outmost = missingDirectories(path).at(-1);
      const there = outmost === undefined ? path : dirname(outmost);
      readdirSync(there);
      accessSync(there, constants.W_OK | constants.X_OK);
      if (outmost !== undefined) return undefined;
      const absolute = realpathSync(path);
      requireSourcesApart(absolute, path, sources, suffix);
      return absolute;
    } catch (error) {
      throw error instanceof InputError ? error : unusable(path, error);
    }
  }

  /** The same directory, for a part of the job that does not own it: releasing it does nothing. */
  lend(): JobDirectory {
    return new JobDirectory(this.path, [], { path: this.#lock.path, close: () => Promise.resolve() });
  }

  /** What locking the directory created, so that another process can remove it if the owner cannot. */
  get traces(): { readonly lock: string; readonly lockInode: string; readonly made: readonly string[] } {
    const lock = this.#lock.path;
    return { lock, lockInode: String(lstatSync(lock, { bigint: true }).ino), made: this.#made };
  }

  /**
   * Removes a job's files of the given kinds, except the names in `kept`, and returns how many. `suffix`
   * is the suffix of its output names. When some cannot be removed, removes the others and then throws the system's
   * error.
   */
  clear(kinds: readonly JobFileKind[], { suffix = "", kept = [] }: ClearOptions = {}): number {
    const keep = new Set(kept);
    return this.remove(this.files(kinds, suffix).filter((name) => !keep.has(name)));
  }

  /**
   * Whether a publication began here and could be neither completed nor undone. The next job completes it; until then
   * no hidden file may be removed, because they include the outputs of both jobs.
   */
  get isBeingReplaced(): boolean {
    return isBeingReplaced(this.path);
  }

  /** Removes all hidden files of a job that has not published them, except its journal. Throws like `clear`. */
  clearUnpublished(jobId: string): void {
    if (this.isBeingReplaced) return;
    const prefix = stagedPrefix(jobId);
    this.remove(filesIn(this.path).filter((name) => name.startsWith(prefix)));
    this.clear(["temporary"]);
  }

  /** Removes these files in this order, and otherwise like `clear`. */
  remove(names: readonly string[]): number {
    let first: Error | undefined;
    for (const name of names) {
      try {
        unlinkSync(join(this.path, name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") first ??= error as Error;
      }
    }
    removeEmptyDirectoriesOf(this.path, names);
    if (first !== undefined) throw first;
    return names.length;
  }

  /** Whether an interrupted job can be resumed here. */
  hasJournal(): boolean {
    return this.files(["journal"]).length > 0;
  }

  /** Whether the directory contains a file of that name and length. */
  hasFile(name: string, bytes: number): boolean {
    const stats = lstatSync(join(this.path, name), { throwIfNoEntry: false });
    return stats?.isFile() === true && stats.size === bytes;
  }

  /**
   * Unlocks the directory. With `removeIfEmpty`, also removes the directories that `take` created, unless they contain
   * something.
   */
  async release({ removeIfEmpty }: { removeIfEmpty: boolean }): Promise<void> {
    if (removeIfEmpty) removeEmptyDirectories(this.#made);
    await this.#lock.close();
  }

  /** The names of the files of the given kinds. */
  files(kinds: readonly JobFileKind[], suffix?: string): string[] {
    return filesIn(this.path).filter((name) => kinds.some((kind) => kind === jobFileKind(name, suffix)));
  }
}

function complete(directory: string, held: DirectoryLock): void {
  try {
    completePublication(directory);
  } catch (error) {
    void held.close();
    if (error instanceof InputError) throw error;
    throw new InputError(
      `cannot complete the job that was killed while it replaced the output in ${directory}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

async function lock(directory: string, shown: string): Promise<DirectoryLock> {
  try {
    return await lockDirectory(directory);
  } catch (error) {
    if (error instanceof DirectoryLockedError) throw error;
    throw new InputError(
      `cannot lock output directory ${shown}: ${(error as Error).message}; set MR_RUNTIME_DIR to a writable directory`,
      { cause: error },
    );
  }
}

function unusable(path: string, error: unknown): InputError {
  return new InputError(`cannot write to output directory ${path}: ${whyNotWritable(error)}`, { cause: error });
}
