import type { Duplex } from "node:stream";
import { ConnectionClosedError } from "../rpc/errors.js";
import { Peer } from "../rpc/peer.js";
import type { AttemptRef, JobOutcome, ParamsOf, ResultOf } from "../rpc/protocol.js";
import { watchForStall } from "./stall-watch.js";

/** What a session needs of its worker. */
export interface SessionHome {
  /** How far the attempt is that runs; undefined when none does. */
  progress(): ParamsOf<"Heartbeat">["attempts"][number] | undefined;
  /** The attempt, or whichever runs, is not wanted any more. */
  cancel(ref?: AttemptRef): void;
  /** The connection is about to be ended from this side. */
  beforeEnd(): void;
}

/** The methods that are called in the name of a registered worker. */
type WorkerMethod =
  "RequestTask" | "ListBoundaries" | "ListInputs" | "MayCommit" | "NotifyTaskCompletion" | "Heartbeat";

/**
 * One connection of a worker to its coordinator, from `register` to its end. When it is lost, however that shows, every
 * call rejects with a ConnectionClosedError. A lost session does not come back: there is another one after it.
 */
export class Session {
  readonly #peer: Peer;
  readonly #home: SessionHome;
  #worker = "";
  /** So often something came from the coordinator. */
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

  /** How the job has ended, when the coordinator said so without being asked for a task. */
  get outcome(): JobOutcome | undefined {
    return this.#outcome;
  }

  /** Why it cannot go on, when that came up beside the calls. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Says hello, and from then on sends heartbeats. With `mayGoSilent` a coordinator from which nothing comes for the task
   * timeout is still there; otherwise the session is lost then. `helloTimeoutMs` is how long it may take to say hello;
   * undefined when it may take any time.
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
    // After a stop (SIGSTOP, a sleeping laptop) what the coordinator has said meanwhile is read before anything is sent:
    // it may have said goodbye.
    this.#heartbeats = setInterval(() => setImmediate(() => void this.#heartbeat()), heartbeatIntervalMs);
    if (!options.mayGoSilent) this.#watch(taskTimeoutMs);
    return registered;
  }

  /** Calls the coordinator. */
  call<M extends WorkerMethod>(method: M, params: Omit<ParamsOf<M>, "worker">): Promise<ResultOf<M>> {
    return this.#peer.call(method, { ...params, worker: this.#worker });
  }

  /** Waits for something else than an answer, as long as the connection is there. For one thing at a time. */
  unlessLost<Result>(promise: Promise<Result>): Promise<Result> {
    // Not `Promise.race` with `closed`, which would hold on to every result until the connection ends.
    return new Promise((resolve, reject) => {
      this.#onLost = () => reject(new ConnectionClosedError("the connection was closed"));
      if (this.#isLost) this.#onLost();
      promise.then(resolve, reject).finally(() => (this.#onLost = undefined));
    });
  }

  /** Ends the connection in good order. */
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
      // The loss of the connection is noticed where a task is waited for or reported.
      if (error instanceof ConnectionClosedError) return;
      this.#failure ??= error as Error;
      this.destroy();
    }
  }
}
