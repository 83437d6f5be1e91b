/**
 * The job's directory: where its intermediate files, outputs and unfinished files are. It is taken by one job at a time, which
 * leaves the output of an earlier job there until it is done itself, and no unfinished file once it has ended.
 */
import { createHash } from "node:crypto";
import { accessSync, constants, lstatSync, readdirSync, realpathSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError } from "../input/input-error.js";
import { AddressInUseError, TransportError } from "../rpc/errors.js";
import { runtimePath } from "../rpc/runtime-directory.js";
import type { Listener } from "../rpc/transport.js";
import { listenUnixSocket } from "../rpc/unix-socket.js";
import { filesIn, requireSourcesApart, type JobSources } from "./job-files.js";
import { makeDirectories, missingDirectories, removeEmptyDirectories } from "./make-directory.js";
import { jobFileKind, stagedPrefix, type JobFileKind } from "./names.js";
import { whyNotWritable } from "./not-writable.js";
import { completePublication } from "./publication.js";
import { isBeingReplaced } from "./whole-output.js";

interface ClearOptions {
  /** Of the names of the outputs, when they are of an app's own format. */
  readonly suffix?: string;
  /** Names of files that stay. */
  readonly kept?: readonly string[];
}

/** A directory that this process has taken. */
export class JobDirectory {
  /** Absolute, without symbolic links. */
  readonly path: string;
  /** The directories that were made for it, the inmost first. */
  readonly #made: readonly string[];
  readonly #lock: Listener;

  private constructor(path: string, made: readonly string[], lock: Listener) {
    this.path = path;
    this.#made = made;
    this.#lock = lock;
  }

  /**
   * Takes the directory, and makes it when it does not exist. Nothing in it is changed yet, except that a job is completed that
   * was killed while its output took the place of another one.
   *
   * Throws an InputError when it cannot be written, when another job runs in it, or when it holds one of the sources as what
   * would be cleared away. `suffix` is that of the names of the job's outputs, where it is known already.
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
      if (!(error instanceof AddressInUseError)) throw unusable(path, error);
      throw new InputError(`another job is running in ${path}; choose another --output-dir`, { cause: error });
    }
  }

  /**
   * Returns the path that the directory would have if it was taken; undefined when it would have to be made. Makes and
   * changes nothing. Throws an InputError as `take` does, except when another job runs in it.
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

  /** The same directory for a part of who has taken it: to release that changes nothing. */
  lend(): JobDirectory {
    const nothing = () => Promise.resolve();
    return new JobDirectory(this.path, [], { address: this.#lock.address, close: nothing, withdraw: nothing });
  }

  /** What is there because the directory was taken, for somebody else to remove when its owner cannot. */
  get traces(): { readonly lock: string; readonly lockInode: string; readonly made: readonly string[] } {
    const lock = this.#lock.address;
    return { lock, lockInode: String(lstatSync(lock, { bigint: true }).ino), made: this.#made };
  }

  /**
   * Removes the files of these kinds that a job has left here, but not those of the names in `kept`, and says how many
   * there were. `suffix` is that of the names of its outputs. When some cannot be removed, throws the system's error after
   * the others are gone.
   */
  clear(kinds: readonly JobFileKind[], { suffix = "", kept = [] }: ClearOptions = {}): number {
    const keep = new Set(kept);
    return this.remove(this.files(kinds, suffix).filter((name) => !keep.has(name)));
  }

  /**
   * Whether a publication was begun here and could be neither completed nor undone. The next job completes it: until then no
   * hidden file may be removed, since the outputs of both jobs are among them.
   */
  get isBeingReplaced(): boolean {
    return isBeingReplaced(this.path);
  }

  /** Removes all hidden files of a job that has not published them, but not its journal. Throws as `clear` does. */
  clearUnpublished(jobId: string): void {
    if (this.isBeingReplaced) return;
    const prefix = stagedPrefix(jobId);
    this.remove(filesIn(this.path).filter((name) => name.startsWith(prefix)));
    this.clear(["temporary"]);
  }

  /** Removes these files, in this order, in the same way. */
  remove(names: readonly string[]): number {
    let first: Error | undefined;
    for (const name of names) {
      try {
        unlinkSync(join(this.path, name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") first ??= error as Error;
      }
    }
    if (first !== undefined) throw first;
    return names.length;
  }

  /** Whether a job was interrupted here that can be gone on with. */
  hasJournal(): boolean {
    return this.files(["journal"]).length > 0;
  }

  /** Whether a file of that name and length stands here. */
  hasFile(name: string, bytes: number): boolean {
    const stats = lstatSync(join(this.path, name), { throwIfNoEntry: false });
    return stats?.isFile() === true && stats.size === bytes;
  }

  /** Gives the directory back; with `removeIfEmpty`, what `take` had to make is removed unless something is in it. */
  async release({ removeIfEmpty }: { removeIfEmpty: boolean }): Promise<void> {
    if (removeIfEmpty) removeEmptyDirectories(this.#made);
    await this.#lock.close();
  }

  /** The names of the files of these kinds that stand here. */
  files(kinds: readonly JobFileKind[], suffix?: string): string[] {
    return filesIn(this.path).filter((name) => kinds.some((kind) => kind === jobFileKind(name, suffix)));
  }
}

function complete(directory: string, held: Listener): void {
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

/**
 * Takes the lock of a directory: a socket that nobody connects to, but that exists and listens as long as its owner lives. So
 * the lock of a process that was killed can be told from that of one that lives. It is not in the output directory, since the
 * path of a socket must be short and not every file system has sockets.
 */
async function lock(directory: string, shown: string): Promise<Listener> {
  const hash = createHash("sha256").update(directory).digest("hex").slice(0, 16);
  try {
    return await listenUnixSocket(runtimePath(`-${hash}.lock`), (stream) => stream.destroy());
  } catch (error) {
    if (error instanceof AddressInUseError || !(error instanceof TransportError)) throw error;
    throw new InputError(
      `cannot lock output directory ${shown}: ${error.message}; set MR_RUNTIME_DIR to a directory where files can be made`,
      { cause: error },
    );
  }
}

function unusable(path: string, error: unknown): InputError {
  return new InputError(`cannot write to output directory ${path}: ${whyNotWritable(error)}`, { cause: error });
}
