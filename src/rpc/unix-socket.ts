/**
 * The transport within one machine: a Unix domain socket, reached through a file that only its owner may open.
 *
 * The socket is bound under a temporary name beside the final one, and published with link(2), which fails if the name
 * exists. So the file visible at the path accepts connections and has its final mode from the first moment, and of two
 * processes that start at once, only one succeeds.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, lstatSync, rmSync, statSync } from "node:fs";
import { createServer, connect, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import type { Duplex } from "node:stream";
import { AddressUnusableError, ForeignSocketError, TransportError } from "./errors.js";
import { openFilesMax } from "./open-files.js";
import { ownUid } from "./own-uid.js";
import { publishSocketFile, removeUnpublished } from "./socket-file.js";
import type { Listener } from "./transport.js";

/**
 * The size in bytes of sockaddr_un.sun_path without the final NUL: unix(7) on Linux, sys/un.h on macOS and the BSDs.
 */
const pathBytesMax = process.platform === "linux" ? 107 : 103;
/** The suffix of temporary names: `.`, six hexadecimal digits, and `~` for a stale file that is moved aside. */
const suffixBytes = 8;

/** More serve no purpose on one machine. */
const connectionsMaxDefault = 2000;

export interface ListenOptions {
  /** The maximum number of connections at a time; further ones are closed at once. */
  readonly connectionsMax?: number;
}

/**
 * Listens at `path`, replacing a socket file at which no process listens. Accepts 2000 connections at a time, or as
 * many as half of the files that the process may open; it needs the rest for its work. Throws `AddressInUseError` if
 * another process listens there, `AddressUnusableError` if no process could, and `TransportError` for any other system
 * error.
 */
export async function listenUnixSocket(
  path: string,
  onConnection: (stream: Duplex) => void,
  options: ListenOptions = {},
): Promise<Listener> {
  checkPath(path, pathBytesMax - suffixBytes);
  checkDirectory(path);
  const temporaryPath = `${path}.${randomBytes(3).toString("hex")}`;
  const server = createServer((socket) => {
    ignoreErrors(socket);
    onConnection(socket);
  });
  server.maxConnections = options.connectionsMax ?? Math.min(connectionsMaxDefault, Math.ceil(openFilesMax() / 2));
  try {
    await bind(server, temporaryPath);
    const inode = inodeOf(temporaryPath);
    const isTakenOver = await publishSocketFile(temporaryPath, path);
    await removeUnpublished(temporaryPath, path);
    // A connection that could not be accepted only affects its client.
    server.on("error", () => undefined);
    return new UnixSocketListener(path, { inode, isTakenOver }, server);
  } catch (error) {
    server.close();
    throw error instanceof TransportError ? error : listenError(path, error);
  } finally {
    rmSync(temporaryPath, { force: true });
  }
}

/**
 * Connects to the socket at `path`. Rejects with the system's error: `code` is ENOENT, ECONNREFUSED, EACCES, …; and
 * with a ForeignSocketError if another user owns the socket.
 */
export async function connectUnixSocket(path: string): Promise<Duplex> {
  // Node truncates a path that is too long and would connect to a different one.
  if (Buffer.byteLength(path) > pathBytesMax) {
    throw Object.assign(new Error(`connect ENAMETOOLONG ${path}`), { code: "ENAMETOOLONG", path });
  }
  checkOwner(path);
  const socket = connect({ path });
  try {
    await once(socket, "connect");
  } catch (error) {
    socket.destroy();
    throw error;
  }
  ignoreErrors(socket);
  return socket;
}

class UnixSocketListener implements Listener {
  readonly address: string;
  readonly #file: { readonly inode: bigint | undefined; readonly isTakenOver: boolean };
  readonly #server: Server;

  constructor(
    path: string,
    file: { readonly inode: bigint | undefined; readonly isTakenOver: boolean },
    server: Server,
  ) {
    this.address = path;
    this.#file = file;
    this.#server = server;
  }

  close(): Promise<void> {
    return this.#end({ keepsFile: false });
  }

  withdraw(): Promise<void> {
    return this.#end({ keepsFile: this.#file.isTakenOver });
  }

  #end({ keepsFile }: { readonly keepsFile: boolean }): Promise<void> {
    if (this.#server.listening) {
      // If our file was removed, another process's may be there. Our inode number is not reused while the socket is
      // bound.
      if (!keepsFile && inodeOf(this.address) === this.#file.inode) rmSync(this.address, { force: true });
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

/**
 * The usual path is in a directory where everyone may create files: another user may have put a socket there before our
 * coordinator, to impersonate it. Node.js cannot ask the system who is at the other end of a connection (SO_PEERCRED),
 * so this checks the file first. That suffices in a sticky directory such as /var/tmp, where no other user can replace
 * our file while it exists. For a symbolic link, both the link and its target must be ours.
 */
function checkOwner(path: string): void {
  for (const stats of [lstatSync(path, { throwIfNoEntry: false }), statSync(path, { throwIfNoEntry: false })]) {
    const isOurs = stats === undefined || stats.uid === 0 || stats.uid === ownUid();
    if (!isOurs) throw new ForeignSocketError(path, stats.uid);
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

/** An error also closes the stream, which its user awaits; without a listener it would end the process. */
function ignoreErrors(socket: Socket): void {
  socket.on("error", () => undefined);
}

function inodeOf(path: string): bigint | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}
