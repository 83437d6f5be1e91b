/**
 * The coordinator: the shell around the pure core. It owns what the core must not know: the socket, the clock, the job's
 * directory. Calls of workers become events, effects become replies.
 *
 *     socket ─ connection ─ event ┐                      ┌ reply, cancel, ping, shutdown ─ connection ─ socket
 *     clock ─ tick ───────────────┼─ step(state) ─ effects
 *     signal ─ aborted ───────────┘                      └ jobEnded ─ drain, clear up
 */
import type { Duplex } from "node:stream";
import { InputError } from "../input/input-error.js";
import { planSplits } from "../input/splits.js";
import { JobDirectory } from "../output/directory.js";
import type { JobFileKind } from "../output/names.js";
import { refusedCode, RefusedError, unknownWorkerCode } from "../rpc/errors.js";
import type { JobOutcome, ParamsOf, ResultOf, Snapshot } from "../rpc/protocol.js";
import type { Listener } from "../rpc/transport.js";
import { listenUnixSocket } from "../rpc/unix-socket.js";
import type { Effect, Event, FormerWorker, JobFailure, State } from "./core/model.js";
import { resume } from "./core/restore.js";
import { takeSnapshot } from "./core/snapshot.js";
import { step } from "./core/step.js";
import { newJob, resumeJob, type Job } from "./job.js";
import type { JobJournal } from "./journal/job-journal.js";
import type { CoordinatorOptions } from "./options.js";
import { refusal } from "./refusal.js";
import { WorkerConnection } from "./worker-connection.js";

/** How a job has ended. */
export interface JobReport {
  readonly snapshot: Snapshot;
  readonly failure: JobFailure | undefined;
  /** Absolute path of the job's directory. */
  readonly directory: string;
  /** Names of the output files in it; none when the job failed. */
  readonly outputs: readonly string[];
  /** Whether the job can be gone on with. */
  readonly isResumable: boolean;
}

/** How long the workers have, after the end of the job, to leave. One that is stuck is not waited for any longer. */
const leaveTimeoutMs = 2000;

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
  readonly #hurried: Promise<void>;
  #hurry: () => void = () => undefined;
  readonly #directory: JobDirectory;
  readonly #journal: JobJournal;
  readonly #listener: Listener | undefined;
  #drainTimer: NodeJS.Timeout | undefined;
  #lastCall = 0;
  /** Why the inputs cannot be split as the app wants them. */
  #unsplittable: InputError | undefined;

  private constructor(
    options: CoordinatorOptions,
    { state, journal }: Job,
    directory: JobDirectory,
    listener: Listener | undefined,
  ) {
    this.#options = options;
    this.#state = state;
    this.#journal = journal;
    this.#directory = directory;
    this.#listener = listener;
    this.#ended = new Promise((resolve) => (this.#end = resolve));
    this.#hurried = new Promise((resolve) => (this.#hurry = resolve));
  }

  /**
   * Begins to take workers. Throws a TransportError when the socket cannot be had and an InputError when the output
   * directory cannot, or when there is no such job to resume; then nothing was changed.
   */
  static async start(options: CoordinatorOptions): Promise<Coordinator> {
    // The socket comes first: it is what tells two coordinators apart that were started in one directory.
    const early: Duplex[] = [];
    let accept = (stream: Duplex): void => {
      early.push(stream);
    };
    const { socket } = options;
    const listener = socket === undefined ? undefined : await listenUnixSocket(socket, (stream) => accept(stream));
    let directory: JobDirectory | undefined;
    try {
      const taken = await JobDirectory.take(options.outputDirectory, options.inputs);
      directory = taken;
      const job = options.resume ? resumeJob(options, directory.path) : newJob(options, directory.path);
      const coordinator = new Coordinator(options, job, directory, listener);
      // What is restored may even be all there was to do.
      const effects: Effect[] = [];
      const isThere = (partition: number, bytes: number) => taken.hasOutput(partition, bytes);
      if (options.resume) resume(job.state, isThere, performance.now(), effects);
      coordinator.#carryOutAll(effects);
      accept = (stream) => {
        coordinator.accept(stream);
      };
      early.forEach(accept);
      return coordinator;
    } catch (error) {
      await directory?.release({ removeIfEmpty: true });
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
    clearTimeout(this.#drainTimer);
    const snapshot = this.snapshot();
    const outcome = snapshot.phase === "done" || snapshot.phase === "stopped" ? snapshot.phase : "failed";
    await this.#sendHome(outcome);
    const lost = outcome === "done" ? this.#lostOutput() : undefined;
    const { outputs, isResumable } = await this.#clearUp(lost === undefined ? outcome : "failed");
    if (this.#unsplittable !== undefined) throw this.#unsplittable;
    const report = { directory: this.#directory.path, outputs, isResumable };
    if (lost === undefined) return { ...report, snapshot, failure: this.#state.failure };
    return { ...report, snapshot: { ...snapshot, phase: "failed", failure: lost.message }, failure: lost };
  }

  /** Somebody may have removed or replaced an output while the job ran: that must not be called done. */
  #lostOutput(): JobFailure | undefined {
    const lost = this.#state.reduces.find(({ index, commit }) => {
      return commit !== undefined && !this.#directory.hasOutput(index, commit.done.bytesOut);
    });
    if (lost === undefined) return undefined;
    return { message: `the output of reduce task ${lost.index} was removed or changed while the job ran` };
  }

  /**
   * Ends the job in good order: no task is begun any more, those that run may finish within `timeoutMs`, and what is done
   * is kept, so that the job can be resumed. `run` resolves then. Does nothing when the job has ended already.
   */
  drain(message: string, timeoutMs: number): void {
    this.#step({ type: "drained", message });
    this.#drainTimer ??= setTimeout(() => this.abort(message), timeoutMs);
  }

  /** Ends the job before its time; `run` resolves then. Does nothing when the job has ended already. */
  abort(message: string): void {
    this.#step({ type: "aborted", message });
  }

  /** From now on nobody is waited for: `run` resolves as soon as the job has ended. */
  hurry(): void {
    this.#hurry();
  }

  /** Names the job to its workers, also after it has been resumed. */
  get jobId(): string {
    return this.#state.settings.id;
  }

  snapshot(): Snapshot {
    return takeSnapshot(this.#state, performance.now());
  }

  async #register(params: ParamsOf<"Register">): Promise<ResultOf<"Register">> {
    const refused = refusal(this.#state, params);
    if (refused !== undefined) throw new RefusedError(refusedCode, refused);
    const { app, args, pid, host } = params;
    if (this.#state.phase === "waiting") this.#plan(app, this.#state.args ?? args ?? {});
    const former = this.#formerWorker(params.former);
    const registered = await this.#ask<Omit<ResultOf<"Register">, "token">>((call) => {
      return { type: "registered", call, pid, host, former };
    });
    return { ...registered, token: this.#journal.tokenOf(registered.worker) };
  }

  /** Who the worker was before; undefined when it cannot prove that, or it was a worker of another job. */
  #formerWorker(former: ParamsOf<"Register">["former"]): FormerWorker | undefined {
    if (former?.job !== this.#state.settings.id || !this.#journal.isTokenOf(former.worker, former.token)) {
      return undefined;
    }
    return { worker: former.worker, attempt: former.attempt };
  }

  /** The first worker says which app runs, and with that how the inputs are split. From here on files are written. */
  #plan(app: ParamsOf<"Register">["app"], args: Readonly<Record<string, string>>): void {
    const { inputs, splitBytes, log } = this.#options;
    try {
      const splits = planSplits(inputs, app.input, splitBytes);
      const cleared = this.#directory.clear(["intermediate", "output", "temporary", "journal"]);
      if (cleared > 0) log.info(`cleared ${cleared} files of an earlier job from ${this.#directory.path}`);
      this.#journal.begin(this.#directory.path);
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
    this.#carryOutAll(step(this.#state, event, performance.now()));
  }

  #carryOutAll(effects: readonly Effect[]): void {
    // What is to be remembered of a step is written at once, and before anybody is told of it.
    const records = effects.flatMap((effect) => (effect.type === "journal" ? [effect.record] : []));
    if (records.length > 0) this.#journal.write(records);
    for (const effect of effects) this.#carryOut(effect);
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
        break; // Written already.
      case "log":
        this.#options.log[effect.level](effect.message);
        break;
      case "jobEnded":
        this.#end();
    }
  }

  #takeCall(call: number): PendingCall | undefined {
    const pending = this.#calls.get(call);
    this.#calls.delete(call);
    return pending;
  }

  /** Waits until the workers have left, which they do by themselves when they learn that the job has ended. */
  async #sendHome(outcome: JobOutcome): Promise<void> {
    const workers = [...this.#connections].filter(({ worker }) => worker !== undefined);
    const timer = setTimeout(() => this.#hurry(), leaveTimeoutMs);
    await Promise.race([Promise.all(workers.map(({ closed }) => closed)), this.#hurried]);
    clearTimeout(timer);
    await this.#listener?.close();
    await Promise.all([...this.#connections].map((connection) => connection.close(outcome)));
  }

  /** Removes what is of no use any more. Of a job that was stopped in good order what is done stays, with the journal. */
  async #clearUp(outcome: JobOutcome): Promise<Pick<JobReport, "outputs" | "isResumable">> {
    const directory = this.#directory;
    const { keepIntermediate } = this.#options;
    const { completed, app } = this.#state;
    const isWorthKeeping = completed.map + completed.reduce > 0;
    const isResumable =
      isWorthKeeping && (outcome === "stopped" || (outcome === "failed" && keepIntermediate)) && this.#journal.keep();
    this.#journal.close();
    const useless: JobFileKind[] = ["temporary"];
    if (!isResumable) useless.push("journal");
    if (!isResumable && !keepIntermediate) useless.push("intermediate");
    if (!isResumable && !keepIntermediate && outcome !== "done") useless.push("output");
    try {
      // Before a worker came nothing was written, and what there is comes from an earlier job.
      if (app !== undefined) directory.clear(useless);
      return { outputs: outcome === "done" ? directory.outputs() : [], isResumable };
    } finally {
      await directory.release({ removeIfEmpty: outcome !== "done" });
    }
  }
}
