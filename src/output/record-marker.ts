/**
 * Records which record a map attempt is mapping, in a place that outlives the attempt's process: a file of eight bytes
 * in the job's directory, rewritten before each record. Only attempts of a task that has crashed before use one,
 * because it costs a system call per record; others tell their worker through shared memory.
 *
 * It only needs to outlive a process, not the machine: it is not flushed to disk.
 */
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { AttemptRef } from "../model/attempt.js";
import { temporaryPrefix } from "./names.js";
import { removeQuietly } from "../storage/staged-file.js";

/** The side of the process that runs the attempt. */
export class RecordMarker {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #offset = new Float64Array([NaN]);
  readonly #bytes = new Uint8Array(this.#offset.buffer);

  /** Creates the file, which must not exist yet. Throws the system's error when it cannot. */
  constructor(directory: string, jobId: string, ref: AttemptRef) {
    this.#path = markerPath(directory, jobId, ref);
    // Does not follow a link that another process has put there: see `StagedFile`.
    this.#descriptor = openSync(this.#path, "wx");
  }

  /** Marks the record at `offset` as being mapped; `NaN` marks none. */
  mark(offset: number): void {
    this.#offset[0] = offset;
    writeSync(this.#descriptor, this.#bytes, 0, this.#bytes.length, 0);
  }

  /** Removes the file: the attempt ended other than by the death of its process. Never throws; see `removeQuietly`. */
  remove(): void {
    closeSync(this.#descriptor);
    removeQuietly(this.#path);
  }
}

/**
 * Removes the marker of an attempt from outside. An attempt that still runs then marks an unlinked file. Never throws;
 * does nothing when there is no marker.
 */
export function removeRecordMarker(directory: string, jobId: string, ref: AttemptRef): void {
  removeQuietly(markerPath(directory, jobId, ref));
}

/**
 * Returns the position of the record that an attempt was mapping when its process ended; undefined when it was mapping
 * none or had no marker. Removes the marker.
 */
export function takeRecordMarker(directory: string, jobId: string, ref: AttemptRef): number | undefined {
  const path = markerPath(directory, jobId, ref);
  try {
    const offset = readOffset(path);
    return Number.isSafeInteger(offset) ? offset : undefined;
  } catch {
    return undefined; // Usually there is no marker. An unreadable one is useless, too.
  } finally {
    removeQuietly(path);
  }
}

/** Does not read anything that has replaced the marker, such as a pipe or a link. */
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
