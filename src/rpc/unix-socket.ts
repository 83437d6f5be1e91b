/**
 * The transport within one machine: a Unix domain socket, reached through a file that only its owner may open.
 *
 * A socket is bound under a temporary name beside the wanted one, and published with link(2), which fails when the name
 * exists. So what can be seen at the path takes connections and has its final mode from the first moment, and of two
 * that start at once one wins.
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

/** Bytes of sockaddr_un.sun_path without its final NUL: unix(7) on Linux, sys/un.h on macOS and the BSDs. */
const pathBytesMax = process.platform === "linux" ? 107 : 103;
/** Of the temporary names: `.`, six hexadecimal digits, and `~` for a stale file that is moved aside. */
const suffixBytes = 8;

/** More are of no use on one machine. */
const connectionsMaxDefault = 2000;

export interface ListenOptions {
  /** Connections at a time; those beyond are closed at once. */
  readonly connectionsMax?: number;
}

/**
 * Listens at `path`, replacing the file of a socket that nobody listens at any more. Takes 2000 connections at a time, or
 * as many as half of the files that the process may open, the rest of which it needs for its work. Throws `AddressInUseError` when
 * somebody does, `AddressUnusableError` when nobody could there, and `TransportError` for what else the system says.
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
    // A connection that could not be accepted is the loss of who made it.
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
 * Connects to the socket at `path`. Rejects with the system's error: `code` is ENOENT, ECONNREFUSED, EACCES, …; and with
 * a ForeignSocketError when the socket is another user's.
 */
export async function connectUnixSocket(path: string): Promise<Duplex> {
  // Node cuts off what is too long and would connect to another path.
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
      // Another's file may stand there if somebody removed ours. Our inode is not given out again while it is bound.
      if (!keepsFile && inodeOf(this.address) === this.#file.inode) rmSync(this.address, { force: true });
      // The callback of `close` would wait for the connections; listening has ended when it returns.
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
 * The usual path is in a directory where everybody may make files: somebody may have been there before our coordinator,
 * to pass as it. Node.js cannot ask the system who is at the other end of a connection (SO_PEERCRED), so the file is
 * looked at before. That is enough in a sticky directory such as /var/tmp, where nobody else can put a file in the place
 * of ours, as long as ours is there. A symbolic link must be ours as well as what it leads to.
 */
function checkOwner(path: string): void {
  for (const stats of [lstatSync(path, { throwIfNoEntry: false }), statSync(path, { throwIfNoEntry: false })]) {
    const isOurs = stats === undefined || stats.uid === 0 || stats.uid === ownUid();
    if (!isOurs) throw new ForeignSocketError(path, stats.uid);
  }
}

/** libuv reports EACCES for a directory that does not exist, so this looks at the directory first. */
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

/** The mask is that of the whole process, so it is changed for the synchronous bind(2) within `listen` only. */
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
