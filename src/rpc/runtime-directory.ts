/**
 * Where processes of one user meet: the directory of the locks of output directories, of the default socket, and of the
 * notes of jobs that are done.
 */
import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { ownUid } from "./own-uid.js";

/**
 * Longer paths leave no room for the names of sockets: 107 bytes on Linux, 103 elsewhere, less `/`, `mr-<uid>-<hash>.lock` and
 * the suffix of a temporary name.
 */
const pathBytesMax = 59;

const usual = "/var/tmp";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns `$MR_RUNTIME_DIR`, or else the first of `/var/tmp`, `$XDG_RUNTIME_DIR` and `$TMPDIR` (or `/tmp`) in which this
 * process can make files and sockets. Coordinator and workers find each other, and jobs see each other's locks, as long as
 * this gives them the same directory.
 *
 * `/var/tmp` comes before the directories of a session, because a job of `cron` and one in a terminal must see each other. It
 * is returned, too, when none can be written: whoever uses it then says what is wrong there.
 */
export function runtimeDirectory(environment: Environment = process.env): string {
  const { MR_RUNTIME_DIR: wanted = "", XDG_RUNTIME_DIR: ofSession = "", TMPDIR: temporary = "" } = environment;
  // What the user asks for is not replaced: two processes that disagree on it would not see each other's locks.
  if (wanted !== "") return wanted;
  return [usual, ofSession, temporary, "/tmp"].find(isUsable) ?? usual;
}

/** A path in the runtime directory for a file of this user; `name` tells it from this user's other ones. */
export function runtimePath(name: string): string {
  return `${runtimeDirectory()}/mr-${ownUid()}${name}`;
}

/** Whether this is a directory, given as an absolute path, in which this process can make files. */
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
