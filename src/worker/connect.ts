import type { Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import prettyMs from "pretty-ms";
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
   * Rejects with a CoordinatorUnreachableError when the time is over or no coordinator can come, or at once on abort.
   */
  connect(signal: AbortSignal): Promise<Duplex>;
  /** So much of the time went by over a connection on which it did not answer. */
  spend(ms: number): void;
}

export interface ConnectOptions {
  /** How long a coordinator is waited for that is not up yet. */
  readonly connectTimeoutMs: number;
  /** How long one is waited for that was lost. */
  readonly reconnectTimeoutMs: number;
  /** Called once, when it turns out that a coordinator has to be waited for that is not up yet. */
  readonly onWait?: (() => void) | undefined;
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

/** Counts the time on a clock: it is the user who waits. */
function searchFirst(
  socket: string,
  name: string,
  { connectTimeoutMs: timeoutMs, onWait }: ConnectOptions,
): CoordinatorSearch {
  const begunMs = performance.now();
  let delayMs = 0;
  let isTold = false;
  const notFound =
    `no coordinator at ${socket} after ${prettyMs(timeoutMs)}: start one with mr-coordinator, ` +
    "or name its socket with --socket";
  return {
    async connect(signal) {
      for (;;) {
        if (performance.now() + delayMs - begunMs > timeoutMs) throw new CoordinatorUnreachableError(notFound);
        // Not after the first try only: one that ends just then takes connections, and closes them unanswered.
        if (delayMs > 0) await wait(delayMs, undefined, { signal });
        delayMs = delayMs === 0 ? firstDelayMs : nextDelayMs(delayMs);
        const found = await tryToConnect(socket, name);
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
