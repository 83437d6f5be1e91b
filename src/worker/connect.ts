import type { Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import prettyMs from "pretty-ms";
import { connectUnixSocket } from "../rpc/unix-socket.js";
import { CoordinatorUnreachableError } from "./errors.js";

/** Where a worker finds its coordinator. */
export interface CoordinatorAddress {
  /** For messages, as in "the coordinator at /var/tmp/mr.sock". */
  readonly name: string;
  /** Rejects with a CoordinatorUnreachableError, or at once on abort. */
  connect(signal: AbortSignal): Promise<Duplex>;
  /** Whether a connection was lost since the coordinator was killed, and not since it or this worker has ended. */
  wasKilled(signal: AbortSignal): Promise<boolean>;
}

/** The coordinator at a Unix socket, which is waited for `connectTimeoutMs` when it is not up yet. */
export function coordinatorAt(socket: string, connectTimeoutMs: number): CoordinatorAddress {
  return {
    name: `the coordinator at ${socket}`,
    connect: (signal) => connectToCoordinator(socket, connectTimeoutMs, signal),
    wasKilled: async ({ aborted }) => !aborted && (await isDeadSocket(socket)),
  };
}

const firstDelayMs = 2;
const delayMsMax = 500;

/**
 * What connecting fails with while a coordinator is not up yet: no socket file, or one that nobody listens at; or while
 * more workers come than it has taken in so far.
 */
const notUpYet = new Set(["ENOENT", "ECONNREFUSED", "EAGAIN"]);

/**
 * Connects to the coordinator at a Unix socket. One that is not up yet is tried again, after 2 ms and then ever more
 * rarely up to twice a second, for `timeoutMs`; then it is a CoordinatorUnreachableError. Aborting rejects at once.
 */
async function connectToCoordinator(socket: string, timeoutMs: number, signal: AbortSignal): Promise<Duplex> {
  const deadlineMs = performance.now() + timeoutMs;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 1.5, delayMsMax)) {
    try {
      return await connectUnixSocket(socket);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === undefined || !notUpYet.has(code)) {
        throw new CoordinatorUnreachableError(`cannot connect to the coordinator at ${socket}: ${message}`);
      }
      if (performance.now() + delayMs > deadlineMs) {
        throw new CoordinatorUnreachableError(
          `no coordinator at ${socket} after ${prettyMs(timeoutMs)}: start one with mr-coordinator, ` +
            "or name its socket with --socket",
        );
      }
      await wait(delayMs, undefined, { signal });
    }
  }
}

/** Whether there is a socket that nobody listens at: whoever did was killed, and could not remove it. */
async function isDeadSocket(socket: string): Promise<boolean> {
  try {
    (await connectUnixSocket(socket)).destroy();
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
  }
}
