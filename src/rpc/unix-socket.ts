/** The transport within one machine: a Unix domain socket, reached through a file that only its owner may open. */
import { once } from "node:events";
import { lstatSync, statSync } from "node:fs";
import { createServer, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { openFilesMax, ownUid } from "../machine/process.js";
import { SocketFile, socketPathBytesMax } from "../machine/socket-file.js";
import { ForeignSocketError } from "./errors.js";
import type { Listener } from "./transport.js";

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
  const server = createServer((socket) => {
    ignoreErrors(socket);
    onConnection(socket);
  });
  server.maxConnections = options.connectionsMax ?? Math.min(connectionsMaxDefault, Math.ceil(openFilesMax() / 2));
  const file = await SocketFile.listen(server, path);
  return { address: path, close: () => file.close(), withdraw: () => file.withdraw() };
}

/**
 * Connects to the socket at `path`. Rejects with the system's error: `code` is ENOENT, ECONNREFUSED, EACCES, …; and
 * with a ForeignSocketError if another user owns the socket.
 */
export async function connectUnixSocket(path: string): Promise<Duplex> {
  // Node truncates a path that is too long and would connect to a different one.
  if (Buffer.byteLength(path) > socketPathBytesMax) {
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

/** An error also closes the stream, which its user awaits; without a listener it would end the process. */
function ignoreErrors(socket: Socket): void {
  socket.on("error", () => undefined);
}
