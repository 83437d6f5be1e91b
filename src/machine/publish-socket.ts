/**
 * Publishes a listening socket under its name, and clears away a file that a dead process left behind.
 *
 * No system call removes a file only if it is still the file that was inspected. So a stale file is renamed aside, which
 * only one of several processes can do, and inspected again. If another process put a live socket there in the
 * meantime, it was moved by mistake, and is moved back.
 */
import { once } from "node:events";
import { linkSync, lstatSync, readdirSync, renameSync, rmSync, type BigIntStats } from "node:fs";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { AddressInUseError, AddressUnusableError, TransportError } from "./socket-errors.js";
import { ownUid } from "./process.js";

/** In each round, another process changed the file between two inspections. */
const roundsMax = 100;

/**
 * Links the listening socket at `temporaryPath` to the name `path` as well. Returns true if a dead socket had that
 * name. Throws `AddressInUseError` if a live socket has it, and `AddressUnusableError` if another kind of file has it;
 * both stay untouched.
 */
export async function publishSocketFile(temporaryPath: string, path: string): Promise<boolean> {
  let isTakenOver = false;
  for (let round = 0; round < roundsMax; round += 1) {
    if (linkIfFree(temporaryPath, path)) return isTakenOver;
    isTakenOver = await removeStale(path, `${temporaryPath}~`);
  }
  throw new TransportError(`cannot listen at ${path}: other processes keep replacing it`);
}

/**
 * Removes the files that processes left beside `path` and at `temporaryPath` when they were killed while publishing
 * their sockets. Only the process whose socket is now at `path` calls it. Another process that is about to find that
 * socket there may lose its own unpublished file; see `linkIfFree`.
 */
export async function removeUnpublished(temporaryPath: string, path: string): Promise<void> {
  const begin = `${basename(path)}.`;
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(begin));
  for (const name of names.filter((name) => unpublished.test(name.slice(begin.length)))) {
    const found = join(dirname(path), name);
    if (name === basename(temporaryPath)) continue;
    try {
      const isOurs = statOf(found)?.isSocket() === true && statOf(found)?.uid === BigInt(ownUid());
      if (isOurs && !(await isLive(found, path))) rmSync(found, { force: true });
    } catch {
      // A leftover file does no harm.
    }
  }
}

/** The suffix of temporary names. */
const unpublished = /^[0-9a-f]{6}~?$/;

/** link(2). Returns false if the name is taken, or was: the process that took it clears away unpublished files. */
function linkIfFree(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" || (code === "ENOENT" && statOf(from) === undefined)) return false;
    throw error;
  }
}

/** Removes the file at `path` if it is a dead socket. Returns false if another process changed it meanwhile. */
async function removeStale(path: string, asidePath: string): Promise<boolean> {
  const seen = statOf(path);
  if (seen === undefined) return false;
  if (!seen.isSocket()) {
    throw new AddressUnusableError(`cannot listen at ${path}: a file that is not a socket is there; remove it first`);
  }
  if (await isLive(path, path)) throw new AddressInUseError(`a coordinator is already running at ${path}`);
  // There is no await between the two inspections and the rename: that leaves other processes only microseconds.
  if (!isSame(seen, statOf(path)) || !renameIfThere(path, asidePath)) return false;
  try {
    if (isSame(seen, statOf(asidePath)) && !(await isLive(asidePath, path))) return true;
    linkIfFree(asidePath, path);
    return false;
  } finally {
    rmSync(asidePath, { force: true });
  }
}

/**
 * Whether a process listens at the socket. Refused (connect(2)) means none does; the caller checks whether the file is
 * gone. Anything inconclusive is an error, because removing the socket of a live process would be worse. Errors mention
 * `path`.
 */
async function isLive(socketPath: string, path: string): Promise<boolean> {
  const socket = connect({ path: socketPath });
  try {
    await once(socket, "connect");
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Reset: the process ended while this connection was in its queue.
    if (code === "ECONNREFUSED" || code === "ECONNRESET" || code === "ENOENT") return false;
    // The queue of a live process is full.
    if (code === "EAGAIN") return true;
    if (code === "EACCES" || code === "EPERM") {
      const text = `cannot listen at ${path}: a socket of another user is there; choose another path`;
      throw new AddressUnusableError(text, { cause: error });
    }
    throw new TransportError(`cannot listen at ${path}: there is a socket, but checking it failed: ${message}`, {
      cause: error,
    });
  } finally {
    socket.on("error", () => undefined).destroy();
  }
}

function renameIfThere(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function statOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

/** Inode numbers are soon reused; the birth time tells such files apart. */
function isSame(a: BigIntStats, b: BigIntStats | undefined): boolean {
  return a.dev === b?.dev && a.ino === b.ino && a.birthtimeNs === b.birthtimeNs;
}
