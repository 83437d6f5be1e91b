import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { temporaryPrefix } from "../output/names.js";
import { removeRecordMarker } from "../output/record-marker.js";
import { removeQuietly, commitFile } from "../storage/staged-file.js";
import type { AttemptRef } from "../model/attempt.js";
import type { Job } from "./executor-messages.js";
import type { PreparedSideFile } from "./side-files.js";
import { makesOutput, type PreparedFile } from "./task-context.js";

/**
 * The files of one attempt in the job's directory, which are either renamed to their final names or removed.
 *
 * Removing never throws: it runs while handling an error that must not be hidden, and a worker need not fail because a
 * file stays behind. The coordinator clears the directory, and reports when it cannot.
 */
export class AttemptFiles {
  readonly #directory: string;
  readonly #jobId: string;
  readonly #ref: AttemptRef;
  readonly #prefix: string;
  /** All attempts of a task share the name of an output. */
  readonly #isNameShared: boolean;
  /** Final path and identity of each file that has its final name. */
  readonly #committed = new Map<string, string>();

  constructor({ directory, id: jobId, reducers }: Pick<Job, "directory" | "id" | "reducers">, ref: AttemptRef) {
    this.#directory = directory;
    this.#jobId = jobId;
    this.#ref = ref;
    this.#prefix = temporaryPrefix(jobId, ref.kind, ref.task, ref.attempt);
    this.#isNameShared = makesOutput(ref, reducers);
  }

  /**
   * Renames the files to their final names, all or none. Side files, including outputs that the app named, whose names all attempts of a task share, are not
   * taken back: if this attempt is not the task's in the end, the side files of the winning attempt replace them, or
   * the coordinator removes them. Throws the system's error.
   */
  commit(
    files: readonly PreparedFile[],
    sideFiles: readonly Pick<PreparedSideFile, "temporaryPath" | "finalPath">[] = [],
  ): void {
    try {
      for (const { temporaryPath, finalPath } of sideFiles) commitFile(temporaryPath, finalPath);
      for (const { temporaryPath, finalPath } of files) {
        const identity = identityOf(temporaryPath);
        commitFile(temporaryPath, finalPath);
        if (identity !== undefined) this.#committed.set(finalPath, identity);
      }
    } catch (error) {
      this.takeBack();
      throw error;
    }
  }

  /** Removes the marker of the record being mapped, if any, even while the attempt's thread runs. */
  removeMarker(): void {
    removeRecordMarker(this.#directory, this.#jobId, this.#ref);
  }

  /** Removes the unfinished files. The attempt's thread must have ended or be idle. */
  discardUnfinished(): void {
    for (const name of this.#names()) {
      if (name.startsWith(this.#prefix)) removeQuietly(join(this.#directory, name));
    }
  }

  /**
   * Removes the files that have their final names, if they are still this attempt's. An output stays: it may be another
   * attempt's by now.
   */
  takeBack(): void {
    if (this.#isNameShared) return;
    for (const [path, identity] of this.#committed) {
      // A later job may have a file of that name by now, which must not be removed.
      if (identityOf(path) === identity) removeQuietly(path);
    }
    this.#committed.clear();
  }

  #names(): string[] {
    try {
      return readdirSync(this.#directory);
    } catch {
      return []; // The directory is gone, and the files with it.
    }
  }
}

/** Distinguishes a file from a later one of the same name. Inode numbers are soon reused. */
function identityOf(path: string): string | undefined {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : `${stats.dev} ${stats.ino} ${stats.birthtimeNs}`;
  } catch {
    return undefined; // If its directory can no longer be searched, nothing can be done to it either.
  }
}
