import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { Split } from "../model/split.js";
import { ChangedInputError } from "./changed-input-error.js";
import { fsPath } from "../storage/file-name.js";
import { changeSince, edgesOf } from "./file-state.js";
import { UnreadableInputError } from "./unreadable-input-error.js";

/** An input file: its name, its place, and its expected state. */
export type InputPlace = Pick<Split, "file" | "path" | "compression" | "blocks" | "encoding" | "planned">;

/** Receives a warning about an input that is read anyway, as a sentence that names the file. */
export type Warn = (message: string) => void;

/** Keeps the open from blocking on a pipe or a device that has replaced a file. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK;
const goneCodes: ReadonlySet<string | undefined> = new Set(["ENOENT", "ENOTDIR", "ESTALE"]);

/**
 * An open input file. It must be unchanged since the job was planned, both when it is opened and when it is closed;
 * otherwise reading it ends with a ChangedInputError. An uncompressed file may grow: reading stops at its planned
 * length.
 */
export class InputHandle {
  readonly #place: InputPlace;
  readonly #warn: Warn;
  readonly #descriptor: number;
  #isOpen = true;
  /** One past the last byte to read. */
  readonly sizeBytes: number;

  /** Throws a ChangedInputError, an UnreadableInputError when it is not a file, and the errors of opening it. */
  constructor(place: InputPlace, warn: Warn = () => undefined) {
    this.#place = place;
    this.#warn = warn;
    this.#descriptor = this.#open();
    try {
      this.sizeBytes = place.planned === undefined ? this.#sizeNow() : place.planned.sizeBytes;
      this.#check(() => undefined);
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  /**
   * Reads bytes at a position, and returns how many; 0 only at the end. Throws a ChangedInputError when the file is too
   * short.
   */
  read(into: Uint8Array, at: number, bytes: number, position: number): number {
    const wanted = Math.min(bytes, this.sizeBytes - position);
    if (wanted <= 0 || !this.#isOpen) return 0;
    const read = readSync(this.#descriptor, into, at, wanted, position);
    if (read === 0 && this.#place.planned !== undefined) {
      this.#check(() => undefined);
      throw new ChangedInputError(this.#place.file, `it ends after ${position} of its ${this.sizeBytes} bytes`);
    }
    return read;
  }

  /** The first bytes of the file, at most `bytes`. */
  head(bytes: number): Buffer {
    const head = Buffer.alloc(Math.min(bytes, this.sizeBytes));
    let filled = 0;
    while (filled < head.length) {
      const read = this.read(head, filled, head.length - filled, filled);
      if (read === 0) break;
      filled += read;
    }
    return head.subarray(0, filled);
  }

  /** Throws a ChangedInputError when the file has changed. May be called again. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      this.#check(this.#warn);
    } finally {
      closeSync(this.#descriptor);
    }
  }

  #open(): number {
    const { file, path, planned } = this.#place;
    try {
      return openSync(fsPath(path), flags);
    } catch (error) {
      if (planned === undefined || !goneCodes.has((error as NodeJS.ErrnoException).code)) throw error;
      throw new ChangedInputError(file, "it is gone");
    }
  }

  #sizeNow(): number {
    const stats = fstatSync(this.#descriptor);
    if (stats.isFile()) return stats.size;
    throw new UnreadableInputError(`cannot read ${this.#place.file}: it is no longer a regular file`);
  }

  #check(warn: Warn): void {
    const { file, planned, compression } = this.#place;
    if (planned === undefined) return;
    const stats = fstatSync(this.#descriptor, { bigint: true });
    const change = changeSince(planned, stats, () => edgesOf(this.#descriptor, planned.sizeBytes));
    if (change === undefined) return;
    if (!change.hasOnlyGrown) throw new ChangedInputError(file, change.text);
    if (compression !== undefined) {
      throw new ChangedInputError(file, `${change.text}, and a part of a compressed file cannot be read`);
    }
    warn(`${file} grew while the job ran: the job reads the ${planned.sizeBytes} bytes that it had at the beginning`);
  }
}
