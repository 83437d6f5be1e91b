import { closeSync, constants, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";

/** The facts about a complete file that let a reader detect truncation or damage. */
export interface FinishedFile {
  readonly path: string;
  readonly bytes: number;
  /** CRC-32 of the whole file. */
  readonly checksum: number;
}

const blockBytes = 128 * 1024;

/**
 * A file that is written under a temporary name: `create` → `append` → `finish` | `discard`, and after `finish` a
 * `commitFile` that gives it the name that readers know. So a reader sees a whole file or none.
 *
 * All I/O is synchronous. Errors keep the system's code (`ENOSPC`, `EEXIST`, …) and name the path; after an error the
 * file can only be discarded.
 */
export class StagedFile {
  readonly path: string;
  #block = Buffer.allocUnsafeSlow(blockBytes);
  #blockFilled = 0;
  #bytes = 0;
  #checksum = 0;
  #descriptor: number | undefined;
  #isSuspended = false;
  #discarded = false;

  private constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  /**
   * Creates the file, which must not exist yet: it never overwrites another file. It holds a descriptor from here on.
   * `mode` is reduced by the umask.
   */
  static create(path: string, mode?: number): StagedFile {
    return new StagedFile(path, openSync(path, "wx", mode));
  }

  /**
   * Appends text as UTF-8, or raw bytes. A lone surrogate, which UTF-8 cannot express, becomes U+FFFD; so does each
   * half of a pair that the end of `data` splits.
   */
  append(data: string | Uint8Array): void {
    this.#requireOpen();
    if (typeof data === "string") {
      // A UTF-16 unit takes at most three bytes.
      if (this.#makeRoom(data.length * 3)) this.#blockFilled += this.#block.write(data, this.#blockFilled);
      else this.#write(Buffer.from(data));
    } else if (this.#makeRoom(data.byteLength)) {
      this.#block.set(data, this.#blockFilled);
      this.#blockFilled += data.byteLength;
    } else this.#write(data);
  }

  /**
   * Writes the buffered data, and holds neither a descriptor nor memory until the next call of another method. For a
   * file that may not be needed for some time.
   */
  suspend(): void {
    if (this.#isSuspended) return;
    const descriptor = this.#requireOpen();
    this.#flush();
    this.#release();
    this.#isSuspended = true;
    this.#naming(() => closeSync(descriptor));
  }

  /** Writes the buffered data, waits until it is on disk, and closes. */
  finish(): FinishedFile {
    const descriptor = this.#requireOpen();
    this.#flush();
    this.#naming(() => fsyncSync(descriptor));
    return this.close();
  }

  /**
   * Writes the buffered data and closes, without waiting for the disk: for a file that can be recreated, and whose
   * reader knows its length and checksum.
   */
  close(): FinishedFile {
    const descriptor = this.#requireOpen();
    this.#flush();
    this.#release();
    this.#naming(() => closeSync(descriptor));
    return { path: this.path, bytes: this.#bytes, checksum: this.#checksum };
  }

  /**
   * Closes and removes the file, in any state; later calls do nothing. Never throws, so that it can be used while
   * handling an error that must not be hidden; a file that cannot be removed keeps its temporary name.
   */
  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    const descriptor = this.#descriptor;
    this.#release();
    this.#isSuspended = false;
    removeQuietly(this.path);
    if (descriptor === undefined) return;
    try {
      closeSync(descriptor);
    } catch {
      // A delayed write failed, but its data is no longer wanted.
    }
  }

  #requireOpen(): number {
    if (this.#isSuspended) this.#reopen();
    if (this.#descriptor === undefined) throw new Error(`${this.path} is already finished or discarded`);
    return this.#descriptor;
  }

  /** Does not follow a link, or create a file, if somebody has replaced or removed it meanwhile. */
  #reopen(): void {
    const { O_WRONLY, O_APPEND, O_NOFOLLOW } = constants;
    this.#descriptor = openSync(this.path, O_WRONLY | O_APPEND | O_NOFOLLOW);
    this.#block = Buffer.allocUnsafeSlow(blockBytes);
    this.#isSuspended = false;
  }

  /** A finished file must not hold memory: a task keeps one for each of its partitions. */
  #release(): void {
    this.#descriptor = undefined;
    this.#block = Buffer.alloc(0);
  }

  /**
   * Makes room in the block. Returns false when the data does not fit: then the block is empty, and the data bypasses
   * it.
   */
  #makeRoom(bytes: number): boolean {
    if (this.#blockFilled + bytes > blockBytes) this.#flush();
    return bytes <= blockBytes;
  }

  #flush(): void {
    if (this.#blockFilled === 0) return;
    this.#write(this.#block.subarray(0, this.#blockFilled));
    this.#blockFilled = 0;
  }

  #write(data: Uint8Array): void {
    const descriptor = this.#requireOpen();
    // A write may take only part of its data, for example on a nearly full disk.
    for (let done = 0; done < data.byteLength;) {
      done += this.#naming(() => writeSync(descriptor, data, done, data.byteLength - done));
    }
    this.#checksum = crc32(data, this.#checksum);
    this.#bytes += data.byteLength;
  }

  #naming<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      throw withPath(error, this.path);
    }
  }
}

/**
 * Renames a finished file to its final name atomically, replacing any file of that name. Both are on one file system.
 */
export function commitFile(temporaryPath: string, finalPath: string): void {
  renameSync(temporaryPath, finalPath);
}

/**
 * Writes a file with this text, atomically; `end` determines whether to wait for the disk. Throws the errors of
 * StagedFile.
 */
export function writeWhole(
  temporaryPath: string,
  path: string,
  text: string,
  end: (file: StagedFile) => FinishedFile,
  mode?: number,
): void {
  const file = StagedFile.create(temporaryPath, mode);
  try {
    file.append(text);
    end(file);
    commitFile(temporaryPath, path);
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** Calls on a descriptor fail without the path, which the user needs to know. */
function withPath(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || "path" in error) return error;
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(`${error.message} '${path}'`, { cause: error }), { code, errno, syscall, path });
}

/**
 * Removes a file if possible. Never throws, so that it can be used while handling an error that must not be hidden. A
 * file that cannot be removed keeps its temporary name, and the coordinator reports it when it clears the directory.
 */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Usually the file does not exist.
  }
}
