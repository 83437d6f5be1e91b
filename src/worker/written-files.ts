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
  /** Final path and identity of each committed file. */
  readonly #committed = new Map<string, string>();

  constructor(directory: string, jobId: string) {
    this.#directory = directory;
    this.#jobId = jobId;
  }

  /** Gives the files of an attempt their final names. */
  commit(files: readonly PreparedFile[]): void {
    for (const { temporaryPath, finalPath } of files) {
      const identity = identityOf(temporaryPath);
      commitFile(temporaryPath, finalPath);
      if (identity !== undefined) this.#committed.set(finalPath, identity);
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
      const identity = identityOf(path);
      if (identity !== undefined && identity === this.#committed.get(path)) rmSync(path, { force: true });
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

/** Tells a file from a later one of the same name. The number of an inode is soon given to another file. */
function identityOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev} ${stats.ino} ${stats.birthtimeNs}`;
}
