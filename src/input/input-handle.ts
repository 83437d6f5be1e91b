import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { Split } from "../rpc/protocol.js";
import { ChangedInputError } from "./changed-input-error.js";
import { fsPath } from "./file-name.js";
import { changeSince, edgesOf } from "./file-state.js";
import { UnreadableInputError } from "./unreadable-input-error.js";

/** Of an input file: how it is called, where it is, and what it must be. */
export type InputPlace = Pick<Split, "file" | "path" | "compression" | "encoding" | "planned">;

/** Told what the user must hear of an input that is read all the same, in a sentence that names the file. */
export type Warn = (message: string) => void;

/** With these a pipe or a device that has taken the place of a file is not waited for. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK;
const goneCodes: ReadonlySet<string | undefined> = new Set(["ENOENT", "ENOTDIR", "ESTALE"]);

/**
 * An input file, open. It must be what it was when the job was planned, both when it is opened and when it is closed, or
 * else reading it ends with a ChangedInputError. One that is not compressed may grow: it ends where it ended then.
 */
export class InputHandle {
  readonly #place: InputPlace;
  readonly #warn: Warn;
  readonly #descriptor: number;
  #isOpen = true;
  /** One past the last byte that is to be read. */
  readonly sizeBytes: number;

  /** Throws a ChangedInputError, an UnreadableInputError for what is no file, and what opening throws. */
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

  /** Reads bytes at that position, and says how many; 0 only at the end. Throws a ChangedInputError when it ends before. */
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

  /** The first bytes of the file, at most so many. */
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

  /** Throws a ChangedInputError when the file is not what it was. May be called again. */
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
    throw new UnreadableInputError(`cannot read ${this.#place.file}: it is not a regular file any more`);
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
