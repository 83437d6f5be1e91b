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

export interface ConnectTimeouts {
  /** How long a coordinator is waited for that is not up yet. */
  readonly connectTimeoutMs: number;
  /** How long one is waited for that was lost. */
  readonly reconnectTimeoutMs: number;
}

/** The coordinator at a Unix socket. */
export function coordinatorAt(socket: string, timeouts: ConnectTimeouts): CoordinatorAddress {
  const name = `the coordinator at ${socket}`;
  return {
    name,
    seek: () => new FirstSearch(socket, name, timeouts.connectTimeoutMs),
    awaitReturn: () => new SocketReturn(socket, name, timeouts.reconnectTimeoutMs),
    helloTimeoutMs: timeouts.connectTimeoutMs,
  };
}

const firstDelayMs = 2;
const delayMsMax = 500;

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
class FirstSearch implements CoordinatorSearch {
  readonly #socket: string;
  readonly #name: string;
  readonly #timeoutMs: number;
  readonly #begunMs = performance.now();
  #delayMs = 0;

  constructor(socket: string, name: string, timeoutMs: number) {
    this.#socket = socket;
    this.#name = name;
    this.#timeoutMs = timeoutMs;
  }

  async connect(signal: AbortSignal): Promise<Duplex> {
    for (;;) {
      if (performance.now() + this.#delayMs - this.#begunMs > this.#timeoutMs) {
        throw new CoordinatorUnreachableError(this.#notFound());
      }
      // Not after the first try only: one that ends just then takes connections, and closes them unanswered.
      if (this.#delayMs > 0) await wait(this.#delayMs, undefined, { signal });
      this.#delayMs = this.#delayMs === 0 ? firstDelayMs : nextDelayMs(this.#delayMs);
      const found = await tryToConnect(this.#socket, this.#name);
      if (typeof found !== "string") return found;
    }
  }

  spend(): void {
    // The clock has.
  }

  #notFound(): string {
    return (
      `no coordinator at ${this.#socket} after ${prettyMs(this.#timeoutMs)}: start one with mr-coordinator, ` +
      "or name its socket with --socket"
    );
  }
}

/** Counts the time between its tries, not that of a clock: who was asleep has not waited. */
class SocketReturn implements CoordinatorSearch {
  readonly #socket: string;
  readonly #name: string;
  readonly #timeoutMs: number;
  #delayMs = firstDelayMs;
  #waitedMs = 0;
  #goneMs = 0;

  constructor(socket: string, name: string, timeoutMs: number) {
    this.#socket = socket;
    this.#name = name;
    this.#timeoutMs = timeoutMs;
  }

  async connect(signal: AbortSignal): Promise<Duplex> {
    for (;;) {
      if (this.#waitedMs >= this.#timeoutMs) throw new CoordinatorUnreachableError(this.#notBack());
      await wait(this.#delayMs, undefined, { signal });
      const found = await tryToConnect(this.#socket, this.#name);
      this.#waitedMs += this.#delayMs;
      this.#goneMs = found === "ENOENT" ? this.#goneMs + this.#delayMs : 0;
      this.#delayMs = nextDelayMs(this.#delayMs);
      if (typeof found !== "string") return found;
      if (this.#goneMs >= goneForMs) throw new CoordinatorUnreachableError(goneMessage(this.#name));
    }
  }

  spend(ms: number): void {
    this.#waitedMs += ms;
  }

  #notBack(): string {
    return (
      `${this.#name} was lost and has not come back within ${prettyMs(this.#timeoutMs)}: ` +
      "what was finished stays for a coordinator with --resume"
    );
  }
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
