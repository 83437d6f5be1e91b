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
  /** Begins to look for a coordinator that may not be up yet. */
  seek(): CoordinatorSearch;
  /** Begins to wait for a coordinator that was lost; undefined when one cannot come back. */
  readonly awaitReturn: (() => CoordinatorSearch) | undefined;
  /** How long it may take to answer the first time; undefined when it may take any time. */
  readonly helloTimeoutMs: number | undefined;
}

/** The search for a coordinator, from when there is none until it has answered. */
export interface CoordinatorSearch {
  /**
   * Connects to it once it is up; again when the connection is lost before it has answered, in what is left of the time.
   * Resolves to "done" when the worker has come a moment after the end of the job. Rejects with a CoordinatorUnreachableError
   * when the time is over or no coordinator can come, or at once on abort.
   */
  connect(signal: AbortSignal): Promise<Duplex | "done">;
  /** So much of the time went by over a connection on which it did not answer. */
  spend(ms: number): void;
}

export interface ConnectOptions {
  /** What the worker runs: of a job of another app, or with other arguments, it is no late worker. */
  readonly app: { readonly hash: string };
  readonly args: Readonly<Record<string, string>> | undefined;
  /** How long a coordinator is waited for that is not up yet. */
  readonly connectTimeoutMs: number;
  /** How long one is waited for that was lost. */
  readonly reconnectTimeoutMs: number;
  /** Called once, when it turns out that a coordinator has to be waited for that is not up yet. */
  readonly onWait?: (() => void) | undefined;
  /** Called once, when the job was done so long before the worker looked for its coordinator. */
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
/** Programs that are started together need not say that they wait for each other. */
const untoldMs = 1000;

/**
 * What connecting fails with while a coordinator is not up yet: no socket file, or one that nobody listens at; or while
 * more workers come than it has taken in so far; or when it ends just then.
 */
const notUpYet = new Set(["ENOENT", "ECONNREFUSED", "ECONNRESET", "EAGAIN"]);

/**
 * A coordinator that was killed leaves its socket file, and one that takes its place has it away for some milliseconds. A
 * file that is gone for longer was removed by a coordinator that has ended in good order.
 */
const goneForMs = 500;

/** A worker that starts so long after the end of a job, and no later, is taken for one of that job. */
const lateMs = 10_000;
/** How long a late worker waits for another coordinator all the same: a script may start that just behind the worker. */
const otherJobMs = 2000;

/** Counts the time on a clock: it is the user who waits. */
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
        // Not after the first try only: one that ends just then takes connections, and closes them unanswered.
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
      // The clock has.
    },
  };
}

/**
 * Whether the last job at this socket was done before the worker could join it: how long ago, and whether the worker had been
 * started before that. If so it was started for that job, since it would have joined it. If not, it may as well have been
 * started for the next one, a moment before that one's coordinator.
 */
function lateness(socket: string, { app, args }: ConnectOptions): { agoMs: number; isOfThatJob: boolean } | undefined {
  const note = readDoneNote(socket);
  if (note?.app !== app.hash || (args !== undefined && !isDeepStrictEqual({ ...args }, note.args))) return undefined;
  const agoMs = Date.now() - note.endedAtMs;
  const startedAfterMs = performance.timeOrigin - note.endedAtMs;
  if (agoMs < 0 || startedAfterMs > lateMs) return undefined;
  return { agoMs, isOfThatJob: startedAfterMs < 0 };
}

/** Counts the time between its tries, not that of a clock: who was asleep has not waited. */
function searchLost(socket: string, name: string, timeoutMs: number): CoordinatorSearch {
  let delayMs = firstDelayMs;
  let waitedMs = 0;
  let goneMs = 0;
  const notBack =
    `${name} was lost and has not come back within ${prettyMs(timeoutMs)}: ` +
    "what was finished stays for a coordinator with --resume";
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

/** What to say of a coordinator that does not answer any more, and has not told why. */
export function goneMessage(name: string): string {
  return `${name} is gone; it did not say how its job ended`;
}

/** The connection, or the code of the system when it makes sense to try again. */
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
