import type { Duplex } from "node:stream";
import { ConnectionClosedError } from "../rpc/errors.js";
import { Peer } from "../rpc/peer.js";
import type { AttemptRef } from "../model/attempt.js";
import type { JobOutcome } from "../model/job.js";
import type { ParamsOf, ResultOf } from "../rpc/protocol.js";
import { watchForStall } from "./stall-watch.js";

/** What a session needs from its worker. */
export interface SessionHome {
  /** The progress of the running attempt; undefined when there is none. */
  progress(): ParamsOf<"Heartbeat">["attempts"][number] | undefined;
  /** The attempt, or any running one, is no longer needed. */
  cancel(ref?: AttemptRef): void;
  /** This side is about to end the connection. */
  beforeEnd(): void;
}

/** The methods that need a registered worker. */
type WorkerMethod =
  | "RequestTask"
  | "ListBoundaries"
  | "ListInputs"
  | "RequestStarts"
  | "MayCommit"
  | "NotifyTaskCompletion"
  | "Heartbeat";

/**
 * One connection of a worker to its coordinator, from `register` to its end. When it is lost, in whatever way, every
 * call rejects with a ConnectionClosedError. A lost session does not come back: the worker starts a new one.
 */
export class Session {
  readonly #peer: Peer;
  readonly #home: SessionHome;
  #worker = "";
  /** The number of messages from the coordinator. */
  #heard = 0;
  #heartbeats: NodeJS.Timeout | undefined;
  #stopWatching: () => void = () => undefined;
  #outcome: JobOutcome | undefined;
  #failure: Error | undefined;
  #isLost = false;
  #onLost: (() => void) | undefined;

  constructor(stream: Duplex, home: SessionHome) {
    this.#home = home;
    this.#peer = new Peer(stream, {
      Ping: () => {
        this.#heard += 1;
        return {};
      },
      CancelTask: ({ ref }) => {
        home.cancel(ref);
        return {};
      },
      Shutdown: ({ outcome }) => {
        this.#outcome = outcome;
        home.cancel();
        return {};
      },
    });
    void this.#peer.closed.then(() => {
      this.#isLost = true;
      this.#onLost?.();
    });
  }

  /** How the job ended, if the coordinator said so other than in reply to a request for a task. */
  get outcome(): JobOutcome | undefined {
    return this.#outcome;
  }

  /** Why the session cannot continue, when that was found outside the calls. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Registers, and from then on sends heartbeats. With `mayGoSilent`, a coordinator that sends nothing for the task
   * timeout still counts as present; otherwise the session is then lost. `helloTimeoutMs` limits the time of the
   * registration; undefined for no limit.
   */
  async register(
    params: ParamsOf<"Register">,
    options: { readonly mayGoSilent: boolean; readonly helloTimeoutMs: number | undefined },
  ): Promise<ResultOf<"Register">> {
    if (options.helloTimeoutMs !== undefined) this.#watch(options.helloTimeoutMs);
    const registered = await this.#peer.call("Register", params);
    this.#stopWatching();
    this.#worker = registered.worker;
    const { heartbeatIntervalMs, taskTimeoutMs } = registered.job;
    // After a stop (SIGSTOP, a sleeping laptop), pending messages from the coordinator are read before anything is
    // sent: it may have said goodbye.
    this.#heartbeats = setInterval(() => setImmediate(() => void this.#heartbeat()), heartbeatIntervalMs);
    if (!options.mayGoSilent) this.#watch(taskTimeoutMs);
    return registered;
  }

  /** Calls the coordinator. */
  call<M extends WorkerMethod>(method: M, params: Omit<ParamsOf<M>, "worker">): Promise<ResultOf<M>> {
    return this.#peer.call(method, { ...params, worker: this.#worker });
  }

  /** Waits for something other than a reply, as long as the connection lasts. For one promise at a time. */
  unlessLost<Result>(promise: Promise<Result>): Promise<Result> {
    // Not `Promise.race` with `closed`, which would retain every result until the connection ends.
    return new Promise((resolve, reject) => {
      this.#onLost = () => reject(new ConnectionClosedError("the connection was closed"));
      if (this.#isLost) this.#onLost();
      promise.then(resolve, reject).finally(() => (this.#onLost = undefined));
    });
  }

  /** Ends the connection gracefully. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeats);
    this.#stopWatching();
    if (!this.#isLost) this.#home.beforeEnd();
    await this.#peer.close();
  }

  /** Ends the connection at once. */
  destroy(): void {
    if (!this.#isLost) this.#home.beforeEnd();
    this.#peer.destroy();
  }

  #watch(timeoutMs: number): void {
    this.#stopWatching = watchForStall(
      timeoutMs,
      () => this.#heard,
      () => this.destroy(),
    );
  }

  async #heartbeat(): Promise<void> {
    const attempt = this.#home.progress();
    const attempts = attempt === undefined ? [] : [attempt];
    try {
      const { cancel } = await this.call("Heartbeat", { attempts, memoryBytes: process.memoryUsage.rss() });
      this.#heard += 1;
      for (const revoked of cancel) this.#home.cancel(revoked);
    } catch (error) {
      // The call that waits for a task, or reports one, notices the lost connection.
      if (error instanceof ConnectionClosedError) return;
      this.#failure ??= error as Error;
      this.destroy();
    }
  }
}
