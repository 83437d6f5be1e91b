import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { StoredFile } from "../stored-file.js";
import { DamagedInputError } from "./damaged-input-error.js";

/**
 * Others may be able to write to the job's directory. So a link is not followed, and opening a special file does not
 * block.
 */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** How much is read at a time when nothing else is done with it. */
const verifiedBytes = 256 * 1024;

/**
 * The bytes of a stored file, read front to back, with length and checksum verified on the way.
 *
 * Throws a DamagedInputError when the file is missing, has another length, cannot be read, or has another checksum. The
 * checksum is checked at the last block, before its bytes are returned. A system error that says nothing about the file
 * (too many open files, permission denied) is passed through. After any error the file is closed.
 */
export class StoredBytes {
  readonly #file: StoredFile;
  readonly #staysOpen: boolean;
  #descriptor: number | undefined;
  #position = 0;
  #checksum = 0;

  /** Opens the file, or only checks its existence and length when it is not to stay open. */
  constructor(file: StoredFile, staysOpen: boolean) {
    this.#file = file;
    this.#staysOpen = staysOpen;
    this.#closingOnError(() => this.#checkLength(this.#open()));
    if (!staysOpen || file.bytes === 0) this.close();
  }

  /** Reads up to `length` bytes (at least 1) into `target` at `offset`. Returns how many, 0 at the end of the file. */
  read(target: Buffer, offset: number, length: number): number {
    const wanted = Math.min(length, this.#file.bytes - this.#position);
    if (wanted === 0) return 0;
    return this.#closingOnError(() => {
      const descriptor = this.#descriptor ?? this.#open();
      const bytes = this.#readAt(descriptor, target, offset, wanted);
      this.#checksum = crc32(target.subarray(offset, offset + bytes), this.#checksum);
      this.#position += bytes;
      const isAtEnd = this.#position === this.#file.bytes;
      if (isAtEnd && this.#checksum !== this.#file.checksum) throw this.#damaged("is damaged: wrong checksum");
      if (isAtEnd || !this.#staysOpen) this.close();
      return bytes;
    });
  }

  /** Closes the file if it is open. */
  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }

  #open(): number {
    try {
      this.#descriptor = openSync(this.#file.location, openFlags);
      return this.#descriptor;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") throw this.#damaged("is missing", error);
      if (code === "ELOOP" || code === "ENXIO") throw this.#damaged("is damaged: it is not a regular file", error);
      throw error;
    }
  }

  #checkLength(descriptor: number): void {
    const { size } = fstatSync(descriptor);
    if (size === this.#file.bytes) return;
    throw this.#damaged(`is damaged: it is ${size} bytes long instead of ${this.#file.bytes}`);
  }

  #readAt(descriptor: number, target: Buffer, offset: number, length: number): number {
    let bytes: number;
    try {
      bytes = readSync(descriptor, target, offset, length, this.#position);
    } catch (error) {
      throw this.#damaged("cannot be read", error);
    }
    if (bytes === 0) throw this.#damaged(`is damaged: it ends after ${this.#position} of ${this.#file.bytes} bytes`);
    return bytes;
  }

  #damaged(what: string, cause?: unknown): DamagedInputError {
    return new DamagedInputError(this.#file.location, what, { cause });
  }

  #closingOnError<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      this.close();
      throw error;
    }
  }
}

/** Reads a stored file to its end, and calls `onBlock` now and then. Throws the errors of StoredBytes. */
export function requireIntact(file: StoredFile, onBlock: () => void): void {
  const bytes = new StoredBytes(file, true);
  const block = Buffer.allocUnsafeSlow(verifiedBytes);
  while (bytes.read(block, 0, block.length) > 0) onBlock();
}
