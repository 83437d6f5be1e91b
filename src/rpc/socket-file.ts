/**
 * The file of a socket: publishing it under its name, and clearing away one that a dead process left behind.
 *
 * A file cannot be removed on condition that it is still the one looked at. So a stale one is renamed aside, which of
 * several processes one can do, and looked at again; if another has put a live socket there meanwhile, that was
 * moved by mistake, and goes back.
 */
import { once } from "node:events";
import { linkSync, lstatSync, readdirSync, renameSync, rmSync, type BigIntStats } from "node:fs";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { AddressInUseError, AddressUnusableError, TransportError } from "./errors.js";
import { ownUid } from "./own-uid.js";

/** Each round another process has changed the file between two looks at it. */
const roundsMax = 100;

/**
 * Gives the listening socket at `temporaryPath` the name `path` as well; true when a dead one had it. Throws
 * `AddressInUseError` when a live one has it, `AddressUnusableError` when something else than a socket has; both are left
 * as they are.
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
 * Removes what processes that were killed while they published their sockets have left beside `path`, for the one whose socket
 * stands there now, and at `temporaryPath`. Another that is about to find it there may lose its own one; see `linkIfFree`.
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
      // It is in nobody's way.
    }
  }
}

/** What the temporary names add to those of sockets. */
const unpublished = /^[0-9a-f]{6}~?$/;

/** link(2); false when the name is taken, or has been: who has it by now clears away what is not published. */
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

/** Removes what stands at `path` if it is a dead socket; false when it has not, as somebody else has changed it. */
async function removeStale(path: string, asidePath: string): Promise<boolean> {
  const seen = statOf(path);
  if (seen === undefined) return false;
  if (!seen.isSocket()) {
    throw new AddressUnusableError(`cannot listen at ${path}: a file that is not a socket is there; remove it first`);
  }
  if (await isLive(path, path)) throw new AddressInUseError(`a coordinator is already running at ${path}`);
  // No await between the look, the renaming and the second look: that leaves others microseconds.
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
 * Whether somebody listens at the socket. Refused (connect(2)) means nobody; gone is for the caller to find out. What
 * cannot be found out is an error, since to remove the socket of a living process would be worse. `path` is for that.
 */
async function isLive(socketPath: string, path: string): Promise<boolean> {
  const socket = connect({ path: socketPath });
  try {
    await once(socket, "connect");
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Reset: it ended while we were in its queue.
    if (code === "ECONNREFUSED" || code === "ECONNRESET" || code === "ENOENT") return false;
    // The queue of a live one is full.
    if (code === "EAGAIN") return true;
    if (code === "EACCES" || code === "EPERM") {
      const text = `cannot listen at ${path}: a socket of another user is there; choose another path`;
      throw new AddressUnusableError(text, { cause: error });
    }
    throw new TransportError(`cannot listen at ${path}: a socket is there, and ${message}`, { cause: error });
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

/** Numbers of inodes are given out again soon; the time of birth tells such files apart. */
function isSame(a: BigIntStats, b: BigIntStats | undefined): boolean {
  return a.dev === b?.dev && a.ino === b.ino && a.birthtimeNs === b.birthtimeNs;
}
