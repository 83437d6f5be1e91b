/**
 * The coordinator: the shell around the pure core. It owns what the core must not know: the socket, the clock, the job's
 * directory. Calls of workers become events, effects become replies.
 *
 *     socket ─ connection ─ event ┐                      ┌ reply, cancel, ping, shutdown ─ connection ─ socket
 *     clock ─ tick ───────────────┼─ step(state) ─ effects
 *     signal ─ aborted ───────────┘                      └ jobEnded ─ drain, clear up
 */
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type { InputFile } from "../input/files.js";
import { InputError } from "../input/input-error.js";
import { planSplits } from "../input/splits.js";
import { writeBadRecords } from "../output/bad-records.js";
import { JobDirectory } from "../output/directory.js";
import type { JobFileKind } from "../output/names.js";
import { takeRecordMarker } from "../output/record-marker.js";
import { refusedCode, RefusedError, unknownWorkerCode } from "../rpc/errors.js";
import type { JobOutcome, ParamsOf, ResultOf, Snapshot } from "../rpc/protocol.js";
import type { Listener } from "../rpc/transport.js";
import { listenUnixSocket } from "../rpc/unix-socket.js";
import { badRecords } from "./core/bad-records.js";
import { createState } from "./core/create.js";
import type { Effect, Event, JobFailure, State } from "./core/model.js";
import { refOf } from "./core/model.js";
import { takeSnapshot } from "./core/snapshot.js";
import { step } from "./core/step.js";
import { refusal } from "./refusal.js";
import { WorkerConnection } from "./worker-connection.js";

/** Complete and checked; the command line says what each means. */
export interface CoordinatorOptions {
  readonly inputs: readonly InputFile[];
  /** Where intermediate and output files go; made when it does not exist. */
  readonly outputDirectory: string;
  /** Path of the Unix socket to listen at; undefined when all workers are brought by `accept`. */
  readonly socket: string | undefined;
  readonly reducers: number;
  /** How long a split of a file is at most, if files are split. */
  readonly splitBytes: number;
  /** How much memory the pairs of a map attempt may take before they are spilled. */
  readonly collectorBytes: number;
  /** The coordinator's own `--arg` values; undefined when the first worker's are the job's. */
  readonly args: Readonly<Record<string, string>> | undefined;
  readonly taskTimeoutMs: number;
  /** How long an attempt may go on without finishing a record; undefined for any time. */
  readonly attemptTimeoutMs: number | undefined;
  readonly backupTasks: boolean;
  readonly maxAttempts: number;
  readonly maxCrashes: number;
  readonly badRecordsMax: number;
  readonly keepIntermediate: boolean;
  readonly log: { info(message: string): void; warn(message: string): void };
}

/** How a job has ended. */
export interface JobReport {
  readonly snapshot: Snapshot;
  readonly failure: JobFailure | undefined;
  /** Absolute path of the job's directory. */
  readonly directory: string;
  /** Names of the output files in it; none when the job failed. */
  readonly outputs: readonly string[];
}

/** How long the workers have, after the end of the job, to leave. One that is stuck is not waited for any longer. */
const drainTimeoutMs = 2000;
const heartbeatIntervalMsMax = 1000;

interface PendingCall {
  resolve(reply: unknown): void;
  reject(error: Error): void;
}

export class Coordinator {
  readonly #options: CoordinatorOptions;
  readonly #state: State;
  readonly #connections = new Set<WorkerConnection>();
  readonly #calls = new Map<number, PendingCall>();
  readonly #ended: Promise<void>;
  #end: () => void = () => undefined;
  readonly #directory: JobDirectory;
  readonly #listener: Listener | undefined;
  #lastCall = 0;
  /** Why the inputs cannot be split as the app wants them. */
  #unsplittable: InputError | undefined;

  private constructor(options: CoordinatorOptions, directory: JobDirectory, listener: Listener | undefined) {
    this.#options = options;
    this.#directory = directory;
    this.#listener = listener;
    const { taskTimeoutMs, attemptTimeoutMs, backupTasks, reducers, collectorBytes, args } = options;
    const { maxAttempts, maxCrashes, badRecordsMax } = options;
    const settings = {
      id: randomBytes(4).toString("hex"),
      reducers,
      directory: directory.path,
      collectorBytes,
      taskTimeoutMs,
      attemptTimeoutMs,
      backupTasks,
      heartbeatIntervalMs: Math.max(1, Math.min(heartbeatIntervalMsMax, taskTimeoutMs / 5)),
      maxAttempts,
      maxCrashes,
      badRecordsMax,
    };
    this.#state = createState(settings, args, performance.now());
    this.#ended = new Promise((resolve) => (this.#end = resolve));
  }

  /**
   * Begins to take workers. Throws a TransportError when the socket cannot be had and an InputError when the output
   * directory cannot; then nothing was changed.
   */
  static async start(options: CoordinatorOptions): Promise<Coordinator> {
    // The socket comes first: it is what tells two coordinators apart that were started in one directory.
    const early: Duplex[] = [];
    let accept = (stream: Duplex): void => {
      early.push(stream);
    };
    const { socket } = options;
    const listener = socket === undefined ? undefined : await listenUnixSocket(socket, (stream) => accept(stream));
    try {
      const directory = await JobDirectory.take(options.outputDirectory, options.inputs);
      const coordinator = new Coordinator(options, directory, listener);
      accept = (stream) => {
        coordinator.accept(stream);
      };
      early.forEach(accept);
      return coordinator;
    } catch (error) {
      await listener?.close();
      for (const stream of early) stream.destroy();
      throw error;
    }
  }

  /** Takes a connection of a worker that has not come through the socket. */
  accept(stream: Duplex): void {
    const connection = new WorkerConnection(stream, {
      reducers: this.#options.reducers,
      register: (params) => this.#register(params),
      ask: (toEvent) => this.#ask(toEvent),
      tell: (event) => this.#step(event),
      lose: (worker) => this.#step({ type: "disconnected", worker, record: this.#lastRecordOf(worker) }),
      snapshot: () => this.snapshot(),
    });
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
  }

  /**
   * Runs the job to its end. When it settles, nothing of the coordinator is left but the outputs. Rejects with an
   * InputError when the inputs cannot be split as the app wants them; then nothing was written.
   */
  async run(): Promise<JobReport> {
    // After a sleep of the machine what has arrived meanwhile is read first: it shows who lives.
    const tick = () => setImmediate(() => this.#step({ type: "tick" }));
    const ticks = setInterval(tick, this.#options.taskTimeoutMs / 20);
    await this.#ended;
    clearInterval(ticks);
    const snapshot = this.snapshot();
    await this.#drain(snapshot.phase === "done" || snapshot.phase === "stopped" ? snapshot.phase : "failed");
    const outputs = await this.#clearUp(snapshot.phase === "done");
    if (this.#unsplittable !== undefined) throw this.#unsplittable;
    return { snapshot, failure: this.#state.failure, directory: this.#directory.path, outputs };
  }

  /** Ends the job before its time; `run` resolves then. Does nothing when the job has ended already. */
  abort(message: string): void {
    this.#step({ type: "aborted", message });
  }

  snapshot(): Snapshot {
    return takeSnapshot(this.#state, performance.now());
  }

  async #register(params: ParamsOf<"Register">): Promise<ResultOf<"Register">> {
    const refused = refusal(this.#state, params);
    if (refused !== undefined) throw new RefusedError(refusedCode, refused);
    const { app, args, pid, host } = params;
    if (this.#state.phase === "waiting") this.#plan(app, this.#state.args ?? args ?? {});
    const registered = await this.#ask<Omit<ResultOf<"Register">, "token">>((call) => {
      return { type: "registered", call, pid, host };
    });
    return { ...registered, token: "" };
  }

  /** The first worker says which app runs, and with that how the inputs are split. From here on files are written. */
  #plan(app: ParamsOf<"Register">["app"], args: Readonly<Record<string, string>>): void {
    const { inputs, splitBytes, log } = this.#options;
    try {
      const splits = planSplits(inputs, app.input, splitBytes);
      const cleared = this.#directory.clear(["intermediate", "output", "bad-records", "temporary"]);
      if (cleared > 0) log.info(`cleared ${cleared} files of an earlier job from ${this.#directory.path}`);
      this.#step({ type: "planned", app, args, splits });
    } catch (error) {
      // It would be the same with the next worker.
      if (error instanceof InputError) this.#unsplittable = error;
      this.abort((error as Error).message);
      throw new RefusedError(refusedCode, (error as Error).message);
    }
  }

  #ask<Reply>(toEvent: (call: number) => Event): Promise<Reply> {
    this.#lastCall += 1;
    const call = this.#lastCall;
    return new Promise<Reply>((resolve, reject) => {
      this.#calls.set(call, { resolve: (reply) => resolve(reply as Reply), reject });
      this.#step(toEvent(call));
    });
  }

  #step(event: Event): void {
    for (const effect of step(this.#state, event, performance.now())) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case "reply":
        this.#takeCall(effect.call)?.resolve(effect.result);
        break;
      case "unknownWorker":
        this.#takeCall(effect.call)?.reject(new RefusedError(unknownWorkerCode, `there is no worker ${effect.worker}`));
        break;
      case "ping":
      case "cancel":
      case "shutdown":
        for (const connection of this.#connections) {
          if (connection.worker === effect.worker) void connection.carryOut(effect);
        }
        break;
      case "journal":
        break;
      case "log":
        this.#options.log[effect.level](effect.message);
        break;
      case "jobEnded":
        this.#end();
    }
  }

  /** Where the record begins that a worker was mapping when its process ended, if it has left a marker. */
  #lastRecordOf(worker: string): number | undefined {
    const running = this.#state.workers.get(worker)?.running;
    if (running === undefined) return undefined;
    return takeRecordMarker(this.#directory.path, this.#state.settings.id, refOf(running.task, running.attempt));
  }

  #takeCall(call: number): PendingCall | undefined {
    const pending = this.#calls.get(call);
    this.#calls.delete(call);
    return pending;
  }

  /** Waits until the workers have left, which they do by themselves when they learn that the job has ended. */
  async #drain(outcome: JobOutcome): Promise<void> {
    const workers = [...this.#connections].filter(({ worker }) => worker !== undefined);
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, drainTimeoutMs)));
    await Promise.race([Promise.all(workers.map(({ closed }) => closed)), timeout]);
    clearTimeout(timer);
    await this.#listener?.close();
    await Promise.all([...this.#connections].map((connection) => connection.close(outcome)));
  }

  async #clearUp(isDone: boolean): Promise<string[]> {
    const directory = this.#directory;
    const { keepIntermediate } = this.#options;
    const useless: JobFileKind[] = ["temporary"];
    if (!keepIntermediate) useless.push("intermediate");
    if (!keepIntermediate && !isDone) useless.push("output");
    try {
      // Before a worker came nothing was written, and what there is comes from an earlier job.
      if (this.#state.app !== undefined) directory.clear(useless);
      if (isDone) writeBadRecords(directory.path, this.#state.settings.id, badRecords(this.#state));
      return isDone ? directory.outputs() : [];
    } finally {
      await directory.release({ removeIfEmpty: !isDone });
    }
  }
}
