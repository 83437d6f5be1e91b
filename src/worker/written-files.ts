import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { temporaryPrefix } from "../output/names.js";
import { commitFile } from "../output/staged-file.js";
import type { AttemptRef } from "../rpc/protocol.js";
import type { PreparedFile } from "./task-context.js";

/**
 * The files that a worker has in the job's directory, so that it can take back what is of no use to anyone: those of an
 * attempt that lost, and everything when the coordinator is gone and with it the job.
 */
export class WrittenFiles {
  readonly #directory: string;
  readonly #jobId: string;
  /** Final path and inode of each committed file. */
  readonly #committed = new Map<string, bigint>();

  constructor(directory: string, jobId: string) {
    this.#directory = directory;
    this.#jobId = jobId;
  }

  /** Gives the files of an attempt their final names. */
  commit(files: readonly PreparedFile[]): void {
    for (const { temporaryPath, finalPath } of files) {
      const { ino } = statSync(temporaryPath, { bigint: true });
      commitFile(temporaryPath, finalPath);
      this.#committed.set(finalPath, ino);
    }
  }

  /** Removes the unfinished files of an attempt. Its thread must have ended or be idle. */
  discardUnfinished({ kind, task, attempt }: AttemptRef): void {
    const prefix = temporaryPrefix(this.#jobId, kind, task, attempt);
    for (const name of this.#names()) if (name.startsWith(prefix)) rmSync(join(this.#directory, name), { force: true });
  }

  /** Removes committed files, as long as they are still those that were committed here. */
  takeBack(paths: readonly string[] = [...this.#committed.keys()]): void {
    for (const path of paths) {
      // A later job may have a file of that name there by now, and that one is not ours to remove.
      const inode = statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
      if (inode !== undefined && inode === this.#committed.get(path)) rmSync(path, { force: true });
      this.#committed.delete(path);
    }
  }

  #names(): string[] {
    try {
      return readdirSync(this.#directory);
    } catch {
      return []; // The directory is gone, and the files with it.
    }
  }
}
