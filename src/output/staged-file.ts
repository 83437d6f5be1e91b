import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { removeQuietly } from "./remove-quietly.js";

/** What is known of a complete file: enough for a reader to notice that it is short or damaged. */
export interface FinishedFile {
  readonly path: string;
  readonly bytes: number;
  /** CRC-32 of the whole file. */
  readonly checksum: number;
}

const blockBytes = 128 * 1024;

/**
 * A file being written under a name that nobody looks for: `create` → `append` → `finish` | `discard`, and after
 * `finish` a `commitFile` that gives it the name readers know. So a reader sees a whole file or none.
 *
 * All I/O is synchronous. Errors keep the code of the system (`ENOSPC`, `EEXIST`, …) and name the path; after one the
 * file can only be discarded.
 */
export class StagedFile {
  readonly path: string;
  #block = Buffer.allocUnsafeSlow(blockBytes);
  #blockFilled = 0;
  #bytes = 0;
  #checksum = 0;
  #descriptor: number | undefined;
  #discarded = false;

  private constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  /**
   * Makes the file, which must not exist yet: another's file is never overwritten. Holds one descriptor from here on. `mode` is
   * who may read and write it, less what the umask takes.
   */
  static create(path: string, mode?: number): StagedFile {
    return new StagedFile(path, openSync(path, "wx", mode));
  }

  /**
   * Appends text as UTF-8, or bytes as they are. A lone surrogate, which UTF-8 cannot hold, becomes U+FFFD; so does each
   * half of a pair that is cut in two by the end of `data`.
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

  /** Writes what is buffered, waits until the disk has it, and closes. */
  finish(): FinishedFile {
    const descriptor = this.#requireOpen();
    this.#flush();
    this.#naming(() => fsyncSync(descriptor));
    return this.close();
  }

  /**
   * Writes what is buffered and closes, without waiting for the disk: for a file that can be made again, and whose reader
   * knows length and checksum.
   */
  close(): FinishedFile {
    const descriptor = this.#requireOpen();
    this.#flush();
    this.#release();
    this.#naming(() => closeSync(descriptor));
    return { path: this.path, bytes: this.#bytes, checksum: this.#checksum };
  }

  /**
   * Closes and removes the file, in any state, once: later calls do nothing. It never throws, since it is called on the
   * way out of an error that must not be hidden; what cannot be removed stays behind under its temporary name.
   */
  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    const descriptor = this.#descriptor;
    this.#release();
    removeQuietly(this.path);
    if (descriptor === undefined) return;
    try {
      closeSync(descriptor);
    } catch {
      // What was written late cannot be, and is not wanted.
    }
  }

  #requireOpen(): number {
    if (this.#descriptor === undefined) throw new Error(`${this.path} is already finished or discarded`);
    return this.#descriptor;
  }

  /** A file that is done must not hold memory: a task keeps one for each of its partitions. */
  #release(): void {
    this.#descriptor = undefined;
    this.#block = Buffer.alloc(0);
  }

  /** Whether the block can now take that many bytes. When not, the block is empty and the data goes past it. */
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
    // A write may take less than it was given, for example on a disk that is nearly full.
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

/** Gives a finished file its final name, in one step, in place of any file of that name. Both are on one file system. */
export function commitFile(temporaryPath: string, finalPath: string): void {
  renameSync(temporaryPath, finalPath);
}

/** Writes a file of this text, all of it or none; `end` says whether the disk is waited for. Throws what a StagedFile throws. */
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

/** Calls on a descriptor fail without the path, which is what a person needs to know. */
function withPath(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || "path" in error) return error;
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(`${error.message} '${path}'`, { cause: error }), { code, errno, syscall, path });
}
