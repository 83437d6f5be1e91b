/**
 * A socket file: the name of a socket in the file system, at which this process listens. The file shows other processes
 * that this one is alive, and only its owner may open it.
 *
 * The socket is bound under a temporary name beside the final one, and published with link(2), which fails if the name
 * exists. So the file visible at the path accepts connections and has its final mode from the first moment, and of two
 * processes that start at once, only one succeeds.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, lstatSync, rmSync, statSync } from "node:fs";
import type { Server } from "node:net";
import { dirname } from "node:path";
import { publishSocketFile, removeUnpublished } from "./publish-socket.js";
import { AddressUnusableError, TransportError } from "./socket-errors.js";

/**
 * The longest path of a socket in bytes: sockaddr_un.sun_path without the final NUL, in unix(7) on Linux and in sys/un.h
 * on macOS and the BSDs.
 */
export const socketPathBytesMax = process.platform === "linux" ? 107 : 103;
/** The suffix of temporary names: `.`, six hexadecimal digits, and `~` for a stale file that is moved aside. */
const suffixBytes = 8;

export class SocketFile {
  readonly path: string;
  readonly #inode: bigint | undefined;
  readonly #isTakenOver: boolean;
  readonly #server: Server;

  private constructor(path: string, server: Server, inode: bigint | undefined, isTakenOver: boolean) {
    this.path = path;
    this.#inode = inode;
    this.#isTakenOver = isTakenOver;
    this.#server = server;
  }

  /**
   * Makes `server` listen at `path`, replacing a socket file at which no process listens. Throws `AddressInUseError` if
   * another process listens there, `AddressUnusableError` if no process could, and `TransportError` for any other system
   * error.
   */
  static async listen(server: Server, path: string): Promise<SocketFile> {
    checkPath(path, socketPathBytesMax - suffixBytes);
    checkDirectory(path);
    const temporaryPath = `${path}.${randomBytes(3).toString("hex")}`;
    try {
      await bind(server, temporaryPath);
      const inode = inodeOf(temporaryPath);
      const isTakenOver = await publishSocketFile(temporaryPath, path);
      await removeUnpublished(temporaryPath, path);
      // A connection that could not be accepted only affects its client.
      server.on("error", () => undefined);
      return new SocketFile(path, server, inode, isTakenOver);
    } catch (error) {
      server.close();
      throw error instanceof TransportError ? error : listenError(path, error);
    } finally {
      rmSync(temporaryPath, { force: true });
    }
  }

  /** Stops listening and frees the path. Existing connections stay. May be called more than once. */
  close(): Promise<void> {
    return this.#end({ keepsFile: false });
  }

  /** Like `close`, but if a dead process had left a socket at the path, leaves one there too. */
  withdraw(): Promise<void> {
    return this.#end({ keepsFile: this.#isTakenOver });
  }

  #end({ keepsFile }: { readonly keepsFile: boolean }): Promise<void> {
    if (this.#server.listening) {
      // If our file was removed, another process's may be there. Our inode number is not reused while the socket is
      // bound.
      if (!keepsFile && inodeOf(this.path) === this.#inode) rmSync(this.path, { force: true });
      // The callback of `close` would wait for the connections, but listening has ended when `close` returns.
      this.#server.close();
    }
    return Promise.resolve();
  }
}

function checkPath(path: string, bytesMax: number): void {
  if (path === "" || path.includes("\0")) {
    throw new AddressUnusableError(`cannot listen at ${JSON.stringify(path)}: not a file name`);
  }
  const bytes = Buffer.byteLength(path);
  if (bytes > bytesMax) {
    throw new AddressUnusableError(
      `cannot listen at ${path}: the path has ${bytes} bytes, and a socket may have ${bytesMax}; choose a shorter one`,
    );
  }
}

/** libuv reports EACCES for a directory that does not exist, so this checks the directory first. */
function checkDirectory(path: string): void {
  const directory = dirname(path);
  let isDirectory: boolean;
  try {
    isDirectory = statSync(directory).isDirectory();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === "ENOENT" || code === "ENOTDIR";
    const problem = isMissing ? `the directory ${directory} does not exist` : message;
    throw new AddressUnusableError(`cannot listen at ${path}: ${problem}`, { cause: error });
  }
  if (!isDirectory) throw new AddressUnusableError(`cannot listen at ${path}: ${directory} is not a directory`);
}

/** The umask applies to the whole process, so it is changed only for the synchronous bind(2) within `listen`. */
async function bind(server: Server, path: string): Promise<void> {
  const listening = once(server, "listening");
  const mask = process.umask(0o177);
  try {
    server.listen({ path });
  } finally {
    process.umask(mask);
  }
  await listening;
  chmodSync(path, 0o600);
}

function listenError(path: string, error: unknown): TransportError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    const text = `cannot listen at ${path}: no permission to create files in ${dirname(path)}`;
    return new AddressUnusableError(text, { cause: error });
  }
  return new TransportError(`cannot listen at ${path}: ${message}`, { cause: error });
}

function inodeOf(path: string): bigint | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}
