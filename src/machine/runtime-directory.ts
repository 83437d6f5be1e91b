/**
 * The directory where one user's processes meet: it holds the locks of output directories, the default socket, and the
 * notes of finished jobs.
 */
import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { ownUid } from "./process.js";

/**
 * Longer paths leave no room for socket names: 107 bytes on Linux, 103 elsewhere, less `/`, `mr-<uid>-<hash>.lock` and
 * the suffix of a temporary name.
 */
const pathBytesMax = 59;

const usual = "/var/tmp";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns `$MR_RUNTIME_DIR`, or else the first of `/var/tmp`, `$XDG_RUNTIME_DIR` and `$TMPDIR` (or `/tmp`) in which
 * this process can create files and sockets. Coordinator and workers find each other, and jobs see each other's locks,
 * only if this gives them the same directory.
 *
 * `/var/tmp` comes before the per-session directories, because a `cron` job and a job in a terminal must see each
 * other. It is also the result when none is writable: the code that then uses it reports what is wrong with it.
 */
export function runtimeDirectory(environment: Environment = process.env): string {
  const { MR_RUNTIME_DIR: wanted = "", XDG_RUNTIME_DIR: ofSession = "", TMPDIR: temporary = "" } = environment;
  // Never replaced: two processes that disagree on the directory would not see each other's locks.
  if (wanted !== "") return wanted;
  return [usual, ofSession, temporary, "/tmp"].find(isUsable) ?? usual;
}

/** A path in the runtime directory for a file of this user, distinguished from the user's other files by `name`. */
export function runtimePath(name: string): string {
  return `${runtimeDirectory()}/mr-${ownUid()}${name}`;
}

/** Whether an absolute path is a directory in which this process can create files. */
export function isWritableDirectory(path: string): boolean {
  if (!isAbsolute(path)) return false;
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function isUsable(path: string): boolean {
  return Buffer.byteLength(path) <= pathBytesMax && isWritableDirectory(path);
}
