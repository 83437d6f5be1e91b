/**
 * The lock of a directory: a socket file to which no process connects, but at which the owner listens as long as it
 * lives. So the lock of a killed process can be told from a live process's. The file is in the runtime directory rather
 * than in the locked one, because the path of a socket must be short and not every file system has sockets.
 */
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { runtimePath } from "../machine/runtime-directory.js";
import { AddressInUseError } from "../machine/socket-errors.js";
import { SocketFile } from "../machine/socket-file.js";

export interface DirectoryLock {
  /** The path of the lock's file. */
  readonly path: string;
  /** Unlocks the directory. May be called more than once. */
  close(): Promise<void>;
}

/** Another process has locked the directory. */
export class DirectoryLockedError extends Error {
  override readonly name = "DirectoryLockedError";
}

/**
 * Locks a directory, which is named by its absolute path without symbolic links. Throws a `DirectoryLockedError` if
 * another process has locked it, and another error if the lock's file cannot be created.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const hash = createHash("sha256").update(directory).digest("hex").slice(0, 16);
  const server = createServer((socket) => {
    socket.on("error", () => undefined).destroy();
  });
  try {
    return await SocketFile.listen(server, runtimePath(`-${hash}.lock`));
  } catch (error) {
    if (!(error instanceof AddressInUseError)) throw error;
    throw new DirectoryLockedError(`another process has locked ${directory}`, { cause: error });
  }
}
