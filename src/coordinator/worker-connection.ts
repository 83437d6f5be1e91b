import type { Duplex } from "node:stream";
import { invalidParamsCode, refusedCode, RefusedError, unknownWorkerCode } from "../rpc/errors.js";
import { strangerLimits } from "../rpc/limits.js";
import { Peer, type Handlers } from "../rpc/peer.js";
import type { AttemptRef } from "../model/attempt.js";
import type { ParamsOf, ResultOf } from "../rpc/protocol.js";
import type { Snapshot } from "../model/snapshot.js";
import type { Effect, Event } from "../scheduler/cluster/events.js";
import type { DoneOutcome } from "../scheduler/job/task.js";

/** The operations that a connection needs from its coordinator. */
export interface Home {
  /** The id of the job for which its workers register: it may change before the first one does. */
  jobId(): string;
  readonly reducers: number;
  /** Registers a worker. Rejects with a RefusedError. */
  register(params: ParamsOf<"Register">): Promise<ResultOf<"Register">>;
  /** Passes the scheduler an event that requests a reply, and waits for the reply. */
  ask<Reply>(toEvent: (call: number) => Event): Promise<Reply>;
  tell(event: Event): void;
  /** The connection of this worker has closed. */
  lose(worker: string): void;
  snapshot(): Snapshot;
}

/** How long a new connection may take to register or to ask for the status. */
const strangerTimeoutMs = 10_000;

/** How often a worker hears from the coordinator while its registration takes long. */
const pingIntervalMs = 1000;

/**
 * One connection to the coordinator: from a worker, once it has registered, or from a client that asks for the status.
 */
export class WorkerConnection {
  readonly #peer: Peer;
  readonly #home: Home;
  /** The worker that registered here. A connection speaks for no other. */
  #worker: string | undefined;
  #isRegistering = false;
  #isClosed = false;

  /** A stranger has proved nothing except that it could connect. */
  constructor(stream: Duplex, home: Home, { isStranger }: { isStranger: boolean }) {
    this.#home = home;
    const ofJob = (ref: AttemptRef) => ({ ...ref, job: home.jobId() });
    const handlers: Handlers = {
      Register: (params) => this.#register(params),
      RequestTask: ({ worker }) => this.#ask(worker, (call) => ({ type: "taskRequested", call, worker })),
      ListBoundaries: ({ worker, from }) => {
        return this.#ask(worker, (call) => ({ type: "boundariesAsked", call, worker, job: home.jobId(), from }));
      },
      ListInputs: ({ worker, ref, from }) => {
        return this.#ask(worker, (call) => ({ type: "inputsAsked", call, worker, ref: ofJob(ref), from }));
      },
      RequestStarts: ({ worker, wanted }) => {
        return this.#ask(worker, (call) => ({ type: "startsAsked", call, worker, job: home.jobId(), wanted }));
      },
      MayCommit: ({ worker, ref }) =>
        this.#ask(worker, (call) => ({ type: "commitAsked", call, worker, ref: ofJob(ref) })),
      NotifyTaskCompletion: ({ worker, ref, outcome, leaving }) => {
        if (outcome.type === "done") requireSound(ref, outcome, home.reducers);
        return this.#ask(worker, (call) => ({ type: "attemptEnded", call, worker, ref: ofJob(ref), outcome, leaving }));
      },
      Heartbeat: ({ worker, attempts, memoryBytes }) => {
        const ofJobs = attempts.map((progress) => ({ ...progress, ref: ofJob(progress.ref) }));
        return this.#ask(worker, (call) => ({ type: "heartbeat", call, worker, attempts: ofJobs, memoryBytes }));
      },
      Status: () => {
        // Keeps a stranger's rate limits, which suffice for status queries: building a snapshot takes time.
        this.#peer.letStay();
        return home.snapshot();
      },
    };
    const options = isStranger ? { stranger: { limits: strangerLimits, timeoutMs: strangerTimeoutMs } } : {};
    this.#peer = new Peer(stream, handlers, options);
    void this.closed.then(() => {
      this.#isClosed = true;
      if (this.#worker !== undefined) home.lose(this.#worker);
    });
  }

  /** The id of its worker; undefined before one has registered. */
  get worker(): string | undefined {
    return this.#worker;
  }

  /** Resolves once the connection is gone. */
  get closed(): Promise<void> {
    return this.#peer.closed;
  }

  /** Calls the worker as the scheduler requests. */
  async carryOut(effect: Extract<Effect, { type: "ping" | "cancel" | "shutdown" }>): Promise<void> {
    try {
      if (effect.type === "cancel") await this.#peer.call("CancelTask", { ref: effect.ref });
      else if (effect.type === "shutdown") await this.#peer.call("Shutdown", { outcome: effect.outcome });
      else await this.#peer.call("Ping", {});
    } catch {
      // The call failed. The connection or the heartbeats will show that the worker is gone or silent.
      return;
    }
    this.#home.tell({ type: "heard", worker: effect.worker });
  }

  /**
   * Ends the connection after the queued messages were sent. A client still connected, registered or not, learns how
   * the job ended.
   */
  close(outcome: ParamsOf<"Shutdown">["outcome"]): Promise<void> {
    this.#peer.call("Shutdown", { outcome }).catch(() => undefined);
    return this.#peer.close();
  }

  async #register(params: ParamsOf<"Register">): Promise<ResultOf<"Register">> {
    if (this.#isRegistering || this.#worker !== undefined) {
      throw new RefusedError(refusedCode, `this connection is already registered as worker ${this.#worker ?? "…"}`);
    }
    this.#isRegistering = true;
    // Planning large inputs takes a while, and neither end must presume the other dead.
    const pings = setInterval(() => this.#keepAlive(), pingIntervalMs);
    const result = await this.#home.register(params).finally(() => {
      clearInterval(pings);
      this.#isRegistering = false;
    });
    this.#worker = result.worker;
    if (this.#isClosed) this.#home.lose(result.worker);
    this.#peer.trust();
    return result;
  }

  #keepAlive(): void {
    this.#peer.letStay();
    this.#peer.call("Ping", {}).catch(() => undefined);
  }

  #ask<Reply>(worker: string, toEvent: (call: number) => Event): Promise<Reply> {
    if (worker === this.#worker) return this.#home.ask(toEvent);
    throw new RefusedError(unknownWorkerCode, `worker ${worker} is not registered on this connection`);
  }
}

/** Checks what no schema can: that a report fits this job. */
function requireSound(
  { kind }: AttemptRef,
  { outputs, checksum }: Pick<DoneOutcome, "outputs" | "checksum">,
  reducers: number,
): void {
  if (outputs.some(([partition]) => partition >= reducers)) {
    throw new RefusedError(invalidParamsCode, "an output belongs to a partition that the job does not have");
  }
  if ((checksum !== undefined) !== (kind === "reduce" || reducers === 0)) {
    throw new RefusedError(invalidParamsCode, "an output file lacks its checksum, or a checksum has no output file");
  }
}
