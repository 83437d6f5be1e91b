import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { temporaryPrefix } from "../output/names.js";
import { removeRecordMarker } from "../output/record-marker.js";
import { removeQuietly } from "../output/remove-quietly.js";
import { commitFile } from "../output/staged-file.js";
import type { AttemptRef } from "../rpc/protocol.js";
import type { Job } from "./executor-messages.js";
import type { PreparedSideFile } from "./side-files.js";
import { makesOutput, type PreparedFile } from "./task-context.js";

/**
 * The files of one attempt in the job's directory: given their final names, or removed again when nobody wants them.
 *
 * To remove never throws: it is done on the way out of an error that must not be hidden, and a worker has other things to
 * do when a file stays behind. The coordinator clears the directory, and tells when it cannot.
 */
export class AttemptFiles {
  readonly #directory: string;
  readonly #jobId: string;
  readonly #ref: AttemptRef;
  readonly #prefix: string;
  /** An output has one name for all attempts of its task. */
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
   * Gives the files their final names, all of them or none; but side files, whose names all attempts of a task share, are
   * not taken back. When there are some of an attempt that is not the task's in the end, those of the one that is replace
   * them, or the coordinator removes them. Throws the system's error.
   */
  commit(files: readonly PreparedFile[], sideFiles: readonly PreparedSideFile[] = []): void {
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

  /** Removes the marker of the record that is mapped, if there is one, also while the attempt's thread is at work. */
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
   * Removes the files that have their final names, as long as they are still those of this attempt. An output stays:
   * another attempt's may stand there by now.
   */
  takeBack(): void {
    if (this.#isNameShared) return;
    for (const [path, identity] of this.#committed) {
      // A later job may have a file of that name there by now, and that one is not ours to remove.
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

/** Tells a file from a later one of the same name. The number of an inode is soon given to another file. */
function identityOf(path: string): string | undefined {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : `${stats.dev} ${stats.ino} ${stats.birthtimeNs}`;
  } catch {
    return undefined; // Its directory may not be searched any more: then nothing can be done to it either.
  }
}
