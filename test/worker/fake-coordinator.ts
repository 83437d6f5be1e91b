/**
 * A coordinator in the test's own process, at the socket of a place: the test determines its messages to real workers.
 * So each step of a worker is visible, and the coordinator can be lost at any step.
 */
import { linkSync, renameSync } from "node:fs";
import type { Duplex } from "node:stream";
import { refusedCode, RefusedError } from "../../src/rpc/errors.js";
import { Peer } from "../../src/rpc/peer.js";
import type { Assignment } from "../../src/model/assignment.js";
import type { AttemptOutcome, AttemptRef } from "../../src/model/attempt.js";
import type { ParamsOf, ResultOf } from "../../src/rpc/protocol.js";
import type { Listener } from "../../src/rpc/transport.js";
import { listenUnixSocket } from "../../src/rpc/unix-socket.js";
import { found, until, type Place } from "../end-to-end/programs.js";

type Job = ResultOf<"Register">["job"];
type FailedOutcome = Extract<AttemptOutcome, { type: "failed" }>;
type DoneOutcome = Extract<AttemptOutcome, { type: "done" }>;

/** A call of a worker. */
interface Call {
  readonly method: string;
  readonly params: unknown;
}

export class FakeCoordinator {
  readonly calls: Call[] = [];
  readonly peers = new Set<Peer>();
  /** Its reply. */
  keepsAttempt = false;
  grants = true;
  accepts = true;
  /** Why it accepts no worker. */
  refusal: string | undefined;
  /** Called with each call before it is answered; a promise delays the reply. */
  onCall: (method: string) => void | Promise<void> = () => undefined;
  readonly #socket: string;
  readonly #job: Job;
  readonly #inputs: ResultOf<"ListInputs">;
  readonly #waiting: ((assignment: Assignment) => void)[] = [];
  readonly #queue: Assignment[] = [];
  #listener: Listener | undefined;
  #workers = 0;

  private constructor(socket: string, job: Job, inputs: ResultOf<"ListInputs">) {
    this.#socket = socket;
    this.#job = job;
    this.#inputs = inputs;
  }

  /**
   * For a job with this id, one partition, and the place's directory `out`. `inputs` are the inputs of its reduce
   * tasks.
   */
  static async start(
    place: Place,
    settings: Partial<Job> = {},
    inputs: Extract<ResultOf<"ListInputs">, { type: "page" }>["inputs"] = [],
  ): Promise<FakeCoordinator> {
    const job = {
      id: "0a1b",
      reducers: 1,
      partitioner: "hash" as const,
      output: {},
      directory: `${place.directory}/out`,
      intermediatePrefix: "",
      args: {},
      collectorBytes: 2 ** 20,
      files: [],
      taskTimeoutMs: 10_000,
      heartbeatIntervalMs: 50,
      ...settings,
    };
    const coordinator = new FakeCoordinator(place.socket, job, { type: "page", inputs });
    coordinator.#listener = await listenUnixSocket(place.socket, (stream) => coordinator.#accept(stream));
    return coordinator;
  }

  /** Assigns a task, now or as soon as a worker asks. */
  assign(assignment: Assignment): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#queue.push(assignment);
    else waiting(assignment);
  }

  /** A map of a whole file. */
  assignMap(place: Place, file: string, task = 0, attempt = 1, marksRecords = false): void {
    const { length } = Buffer.from(place.read(file));
    const split = { file, path: `${place.directory}/${file}`, startBytes: 0, endBytes: length };
    this.assign({ type: "map", ref: { kind: "map", task, attempt }, splits: [split], skip: [], marksRecords });
  }

  assignReduce(attempt = 1): void {
    this.assign({ type: "reduce", ref: { kind: "reduce", task: 0, attempt } });
  }

  /** The params of all calls of a method up to now. */
  paramsOf<M extends "Register" | "RequestStarts" | "MayCommit" | "NotifyTaskCompletion" | "Heartbeat">(
    method: M,
  ): ParamsOf<M>[] {
    return this.calls.filter((call) => call.method === method).map(({ params }) => params as ParamsOf<M>);
  }

  /** Waits for this many calls of a method, and returns the params of the last. */
  async heard<M extends "Register" | "RequestStarts" | "MayCommit" | "NotifyTaskCompletion" | "Heartbeat">(
    method: M,
    times = 1,
  ): Promise<ParamsOf<M>> {
    return found(() => this.paramsOf(method)[times - 1], `call ${times} of ${method}`);
  }

  /** Waits until a worker waits for a task. */
  async isAsked(): Promise<void> {
    await until(
      () => this.#waiting.length > 0,
      () => "a worker to ask for a task",
    );
  }

  /** Waits until an attempt was reported, and returns how it ended. */
  async failure(times = 1): Promise<FailedOutcome> {
    const { outcome } = await this.heard("NotifyTaskCompletion", times);
    if (outcome.type === "failed") return outcome;
    throw new Error("the attempt did not fail");
  }

  async success(times = 1): Promise<DoneOutcome> {
    const { outcome } = await this.heard("NotifyTaskCompletion", times);
    if (outcome.type === "done") return outcome;
    throw new Error(`the attempt failed: ${outcome.message}`);
  }

  /** Ends as with `kill -9`: connections close, and the file of the socket stays. */
  async kill(): Promise<void> {
    linkSync(this.#socket, `${this.#socket}~`);
    await this.#listener?.close();
    renameSync(`${this.#socket}~`, this.#socket);
    for (const peer of this.peers) peer.destroy();
  }

  /** Ends gracefully; with `says`, it says goodbye. */
  async end({ says }: { says: boolean }): Promise<void> {
    await this.#listener?.close();
    if (says) for (const peer of this.peers) peer.call("Shutdown", { outcome: "done" }).catch(() => undefined);
    for (const peer of this.peers) await peer.close();
  }

  /** Takes a task away from its worker. */
  async cancel(ref: AttemptRef): Promise<void> {
    for (const peer of this.peers) await peer.call("CancelTask", { ref });
  }

  #accept(stream: Duplex): void {
    const hear = async (method: string, params: unknown) => {
      this.calls.push({ method, params });
      await this.onCall(method);
    };
    const peer = new Peer(stream, {
      Register: async (params) => {
        await hear("Register", params);
        if (this.refusal !== undefined) throw new RefusedError(refusedCode, this.refusal);
        this.#workers += 1;
        const worker = `${this.#job.id}-w${this.#workers}`;
        return { worker, token: `token of ${worker}`, keepsAttempt: this.keepsAttempt, job: this.#job };
      },
      RequestTask: () => {
        const next = this.#queue.shift();
        return next ?? new Promise<Assignment>((resolve) => this.#waiting.push(resolve));
      },
      ListInputs: async (params) => {
        await hear("ListInputs", params);
        return this.#inputs;
      },
      RequestStarts: async (params) => {
        await hear("RequestStarts", params);
        return { delayMs: 0, count: 1, spacingMs: 1000 };
      },
      MayCommit: async (params) => {
        await hear("MayCommit", params);
        return { granted: this.grants };
      },
      NotifyTaskCompletion: async (params) => {
        await hear("NotifyTaskCompletion", params);
        return { accepted: this.accepts, next: { type: "wait" } };
      },
      Heartbeat: async (params) => {
        await hear("Heartbeat", params);
        return { cancel: [] };
      },
    });
    this.peers.add(peer);
    void peer.closed.then(() => this.peers.delete(peer));
  }
}
