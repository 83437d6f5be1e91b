import type { Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import prettyMs from "pretty-ms";
import { readDoneNote } from "../rpc/done-note.js";
import { connectUnixSocket } from "../rpc/unix-socket.js";
import { CoordinatorUnreachableError } from "./errors.js";

/** Where a worker finds its coordinator. */
export interface CoordinatorAddress {
  /** For messages, as in "the coordinator at /var/tmp/mr.sock". */
  readonly name: string;
  /** Starts to search for a coordinator that may not be up yet. */
  seek(): CoordinatorSearch;
  /** Starts to wait for a lost coordinator; undefined when it cannot come back. */
  readonly awaitReturn: (() => CoordinatorSearch) | undefined;
  /** How long its first answer may take; undefined for any time. */
  readonly helloTimeoutMs: number | undefined;
}

/** The search for a coordinator until one has answered. */
export interface CoordinatorSearch {
  /**
   * Connects once the coordinator is up. If the connection is lost before the coordinator has answered, call it again,
   * with the remaining time. Resolves to "done" when the worker came just after the end of the job. Rejects with a
   * CoordinatorUnreachableError on timeout or when no coordinator can come, and at once on abort.
   */
  connect(signal: AbortSignal): Promise<Duplex | "done">;
  /** Reduces the remaining time by the duration of an unanswered connection. */
  spend(ms: number): void;
}

export interface ConnectOptions {
  /** The worker's app. A worker with a different app or different args is not a late worker of the job. */
  readonly app: { readonly hash: string };
  readonly args: Readonly<Record<string, string>> | undefined;
  /** How long to wait for a coordinator that is not up yet. */
  readonly connectTimeoutMs: number;
  /** How long to wait for a lost coordinator. */
  readonly reconnectTimeoutMs: number;
  /** Called once, when it turns out that the coordinator is not up yet. */
  readonly onWait?: (() => void) | undefined;
  /** Called once, when the job was done this long before the worker searched for its coordinator. */
  readonly onLate?: ((agoMs: number) => void) | undefined;
}

/** The coordinator at a Unix socket. */
export function coordinatorAt(socket: string, options: ConnectOptions): CoordinatorAddress {
  const name = `the coordinator at ${socket}`;
  return {
    name,
    seek: () => searchFirst(socket, name, options),
    awaitReturn: () => searchLost(socket, name, options.reconnectTimeoutMs),
    helloTimeoutMs: options.connectTimeoutMs,
  };
}

const firstDelayMs = 2;
const delayMsMax = 500;
/** Programs started together need not report that they wait for each other. */
const untoldMs = 1000;

/**
 * The errors of connecting while a coordinator is not up yet: there is no socket file, or no process listens at it.
 * Also when more workers arrive than it has accepted, or when it is just ending.
 */
const notUpYet = new Set(["ENOENT", "ECONNREFUSED", "ECONNRESET", "EAGAIN"]);

/**
 * A killed coordinator leaves its socket file, and its successor moves the file away for some milliseconds. If the file
 * is gone for longer, a coordinator that ended gracefully removed it.
 */
const goneForMs = 500;

/** A worker that starts at most this long after the end of a job is taken for a late worker of that job. */
const lateMs = 10_000;
/** How long a late worker still waits for another coordinator: a script may start it just after the worker. */
const otherJobMs = 2000;

/** Counts wall-clock time: the user is waiting. */
function searchFirst(socket: string, name: string, options: ConnectOptions): CoordinatorSearch {
  const { connectTimeoutMs: timeoutMs, onWait, onLate } = options;
  const begunMs = performance.now();
  let delayMs = 0;
  let isTold = false;
  const notFound =
    `no coordinator at ${socket} after ${prettyMs(timeoutMs)}: start one with mr-coordinator, ` +
    "or name its socket with --socket";
  return {
    async connect(signal) {
      let found: Duplex | string = "";
      for (;;) {
        const waitedMs = performance.now() - begunMs;
        const isOver = waitedMs + delayMs > timeoutMs;
        const late = found === "ENOENT" ? lateness(socket, options) : undefined;
        if (late !== undefined && (late.isOfThatJob || waitedMs >= otherJobMs || isOver)) {
          onLate?.(late.agoMs);
          return "done";
        }
        if (isOver) throw new CoordinatorUnreachableError(notFound);
        // Also between later tries: a coordinator that is just ending accepts connections, and closes them unanswered.
        if (delayMs > 0) await wait(delayMs, undefined, { signal });
        delayMs = delayMs === 0 ? firstDelayMs : nextDelayMs(delayMs);
        found = await tryToConnect(socket, name);
        if (typeof found !== "string") return found;
        if (isTold || performance.now() - begunMs < untoldMs) continue;
        isTold = true;
        onWait?.();
      }
    },
    spend() {
      // The clock counts this time anyway.
    },
  };
}

/**
 * Whether the last job at this socket was done before the worker could join it: how long ago, and whether the worker
 * had started before that. If so, it was started for that job, which it would have joined. If not, it may have been
 * started for the next job, a moment before that job's coordinator.
 */
function lateness(socket: string, { app, args }: ConnectOptions): { agoMs: number; isOfThatJob: boolean } | undefined {
  const note = readDoneNote(socket);
  if (note?.app !== app.hash || (args !== undefined && !isDeepStrictEqual({ ...args }, note.args))) return undefined;
  const agoMs = Date.now() - note.endedAtMs;
  const startedAfterMs = performance.timeOrigin - note.endedAtMs;
  if (agoMs < 0 || startedAfterMs > lateMs) return undefined;
  return { agoMs, isOfThatJob: startedAfterMs < 0 };
}

/** Counts the time between its tries rather than wall-clock time: a process that was suspended has not waited. */
function searchLost(socket: string, name: string, timeoutMs: number): CoordinatorSearch {
  let delayMs = firstDelayMs;
  let waitedMs = 0;
  let goneMs = 0;
  const notBack =
    `${name} was lost and has not come back within ${prettyMs(timeoutMs)}: ` +
    "finished work is kept for a coordinator with --resume";
  return {
    async connect(signal) {
      for (;;) {
        if (waitedMs >= timeoutMs) throw new CoordinatorUnreachableError(notBack);
        await wait(delayMs, undefined, { signal });
        const found = await tryToConnect(socket, name);
        waitedMs += delayMs;
        goneMs = found === "ENOENT" ? goneMs + delayMs : 0;
        delayMs = nextDelayMs(delayMs);
        if (typeof found !== "string") return found;
        if (goneMs >= goneForMs) throw new CoordinatorUnreachableError(goneMessage(name));
      }
    },
    spend(ms) {
      waitedMs += ms;
    },
  };
}

/** The message about a coordinator that no longer answers and did not say why. */
export function goneMessage(name: string): string {
  return `${name} is gone; it did not say how its job ended`;
}

/** Returns the connection, or the system's error code when a retry makes sense. */
async function tryToConnect(socket: string, name: string): Promise<Duplex | string> {
  try {
    return await connectUnixSocket(socket);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== undefined && notUpYet.has(code)) return code;
    throw new CoordinatorUnreachableError(`cannot connect to ${name}: ${message}`);
  }
}

function nextDelayMs(delayMs: number): number {
  return Math.min(delayMs * 1.5, delayMsMax);
}
