/**
 * Which record a map attempt is at, kept where it outlives the process that runs the attempt: a file of eight bytes in the
 * job's directory, written anew before each record. Only the attempts of a task that has crashed before have one, since it
 * costs a system call for each record; others tell their worker through shared memory.
 *
 * It is meant to outlive a process, not the machine: nobody waits for the disk.
 */
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { AttemptRef } from "../rpc/protocol.js";
import { temporaryPrefix } from "./names.js";
import { removeQuietly } from "./remove-quietly.js";

/** The side of who runs the attempt. */
export class RecordMarker {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #offset = new Float64Array([NaN]);
  readonly #bytes = new Uint8Array(this.#offset.buffer);

  /** Makes the file, which must not exist yet. Throws the system's error when it cannot. */
  constructor(directory: string, jobId: string, ref: AttemptRef) {
    this.#path = markerPath(directory, jobId, ref);
    // Not through a link that somebody has put there: see `StagedFile`.
    this.#descriptor = openSync(this.#path, "wx");
  }

  /** The record that begins at `offset` is being mapped from now on; `NaN` when none is. */
  mark(offset: number): void {
    this.#offset[0] = offset;
    writeSync(this.#descriptor, this.#bytes, 0, this.#bytes.length, 0);
  }

  /** Removes the file: the attempt has ended, and not by the end of its process. Never throws; see `removeQuietly`. */
  remove(): void {
    closeSync(this.#descriptor);
    removeQuietly(this.#path);
  }
}

/**
 * Removes the marker of an attempt, from outside of it. It may go on, and marks a file that nobody sees any more. Never
 * throws; does nothing when there is none.
 */
export function removeRecordMarker(directory: string, jobId: string, ref: AttemptRef): void {
  removeQuietly(markerPath(directory, jobId, ref));
}

/**
 * Where the record begins that an attempt was at when its process ended; undefined when it was at none or kept no marker.
 * Removes the marker.
 */
export function takeRecordMarker(directory: string, jobId: string, ref: AttemptRef): number | undefined {
  const path = markerPath(directory, jobId, ref);
  try {
    const offset = readOffset(path);
    return Number.isSafeInteger(offset) ? offset : undefined;
  } catch {
    return undefined; // Mostly there is none. A marker that cannot be read is of no more use than none.
  } finally {
    removeQuietly(path);
  }
}

/** What has taken the marker's place, a pipe or a link for example, is not read. */
function readOffset(path: string): number | undefined {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const offset = new Float64Array(1);
    const { byteLength } = offset;
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.size !== byteLength) return undefined;
    return readSync(descriptor, new Uint8Array(offset.buffer), 0, byteLength, 0) === byteLength ? offset[0] : undefined;
  } finally {
    closeSync(descriptor);
  }
}

function markerPath(directory: string, jobId: string, { kind, task, attempt }: AttemptRef): string {
  return join(directory, `${temporaryPrefix(jobId, kind, task, attempt)}record`);
}
