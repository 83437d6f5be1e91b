import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { temporaryPrefix } from "../output/names.js";
import { commitFile } from "../output/staged-file.js";
import type { AttemptRef } from "../rpc/protocol.js";
import type { PreparedFile } from "./task-context.js";

/** The files of one attempt in the job's directory: given their final names, or removed again when nobody wants them. */
export class AttemptFiles {
  readonly #directory: string;
  readonly #prefix: string;
  /** The output of a reduce task has one name for all its attempts. */
  readonly #isNameShared: boolean;
  /** Final path and identity of each file that has its final name. */
  readonly #committed = new Map<string, string>();

  constructor(directory: string, jobId: string, { kind, task, attempt }: AttemptRef) {
    this.#directory = directory;
    this.#prefix = temporaryPrefix(jobId, kind, task, attempt);
    this.#isNameShared = kind === "reduce";
  }

  /** Gives the files their final names, all of them or none. Throws the system's error. */
  commit(files: readonly PreparedFile[]): void {
    try {
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

  /** Removes the unfinished files. The attempt's thread must have ended or be idle. */
  discardUnfinished(): void {
    for (const name of this.#names()) {
      if (name.startsWith(this.#prefix)) rmSync(join(this.#directory, name), { force: true });
    }
  }

  /**
   * Removes the files that have their final names, as long as they are still those of this attempt. The output of a
   * reduce task stays: another attempt's may stand there by now.
   */
  takeBack(): void {
    if (this.#isNameShared) return;
    for (const [path, identity] of this.#committed) {
      // A later job may have a file of that name there by now, and that one is not ours to remove.
      if (identityOf(path) === identity) rmSync(path, { force: true });
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
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev} ${stats.ino} ${stats.birthtimeNs}`;
}
