/**
 * The coordinator: the shell around the pure scheduler. It owns what the scheduler must not know about: the socket, the clock and
 * the job's directory. It turns worker calls into events, and effects into replies.
 *
 *     socket ─ connection ─ event ┐                      ┌ reply, cancel, ping, shutdown ─ connection ─ socket
 *     clock ─ tick ───────────────┼─ step(cluster) ─ effects
 *     signal ─ aborted ───────────┘                      └ jobEnded ─ publish, drain, clear up
 *
 * The coordinator publishes the output before it tells anyone that the job is done: a client may read the output at
 * once.
 */
import type { Duplex } from "node:stream";
import prettyMs from "pretty-ms";
import { InputError } from "../input/input-error.js";
import { planInputs } from "../input/map-inputs.js";
import { planSample } from "../input/sample.js";
import { requireSourcesApart } from "../output/job-files.js";
import { outputOf, outputSuffix } from "../model/output-format.js";
import { takeRecordMarker } from "../output/record-marker.js";
import { removeDoneNote, writeDoneNote } from "../rpc/done-note.js";
import { refusedCode, RefusedError, unknownWorkerCode } from "../rpc/errors.js";
import { type JobOutcome, workerJobOf } from "../model/job.js";
import type { ParamsOf, ResultOf } from "../rpc/protocol.js";
import type { Snapshot } from "../model/snapshot.js";
import type { Listener } from "../rpc/transport.js";
import { listenUnixSocket } from "../rpc/unix-socket.js";
import type { JobView } from "../model/job-view.js";
import type { Effect, Event, FormerWorker } from "../scheduler/cluster/events.js";
import { step } from "../scheduler/cluster/step.js";
import { hasEnded, outcomeOf } from "../scheduler/job/job.js";
import { resumeJob } from "../scheduler/cluster/job-ends.js";
import { type Task, refOf } from "../scheduler/job/task.js";
import { takeJobView, takeThroughput } from "../scheduler/views/job-view.js";
import { takeSnapshot } from "../scheduler/views/snapshot.js";
import { settleJob, type JobReport } from "./job-end.js";
import { newJob, takeJob, type Job } from "./job.js";
import { hasFilesOf } from "./kept-files.js";
import type { CoordinatorOptions } from "./options.js";
import { publishJob } from "./publish-job.js";
import { mapSideProblem, refusal } from "./refusal.js";
import { noteIntervalMs, ThroughputLog } from "./throughput-log.js";
import { WorkerConnection, type Home } from "./worker-connection.js";

/**
 * How long the workers may take to leave after the end of the job. The coordinator does not wait longer for a stuck
 * worker.
 */
const leaveTimeoutMs = 2000;

interface PendingCall {
  resolve(reply: unknown): void;
  reject(error: Error): void;
}

export class Coordinator {
  readonly #options: CoordinatorOptions;
  #job: Job;
  readonly #connections = new Set<WorkerConnection>();
  readonly #calls = new Map<number, PendingCall>();
  readonly #ended: Promise<void>;
  #end: () => void = () => undefined;
  readonly #hurried: Promise<void>;
  #hurry: () => void = () => undefined;
  readonly #listener: Listener | undefined;
  #drainTimer: NodeJS.Timeout | undefined;
  #lastCall = 0;
  readonly #throughput = new ThroughputLog();
  /**
   * The effects that tell workers that the job is done, held back until its output is published; undefined at other
   * times.
   */
  #held: Effect[] | undefined;
  /** Settles once the inputs are planned for the first worker; undefined when no plan is being made. */
  #planning: Promise<unknown> | undefined;
  /** Why the inputs cannot be split as the app requires. */
  #unsplittable: InputError | undefined;

  private constructor(options: CoordinatorOptions, job: Job, listener: Listener | undefined) {
    this.#options = options;
    this.#job = job;
    this.#listener = listener;
    this.#ended = new Promise((resolve) => (this.#end = resolve));
    this.#hurried = new Promise((resolve) => (this.#hurry = resolve));
  }

  /**
   * Starts accepting workers. Throws a TransportError when the socket is unavailable, and an InputError when the output
   * directory is unavailable or there is no job to resume; in both cases nothing has changed.
   */
  static async start(options: CoordinatorOptions): Promise<Coordinator> {
    // The socket comes first: it distinguishes two coordinators started in the same directory.
    const early: Duplex[] = [];
    let accept = (stream: Duplex): void => {
      early.push(stream);
    };
    const { socket } = options;
    const listener = socket === undefined ? undefined : await listenUnixSocket(socket, (stream) => accept(stream));
    if (socket !== undefined) removeDoneNote(socket);
    try {
      const job = await takeJob(options);
      const coordinator = new Coordinator(options, job, listener);
      // The restored job may already be complete.
      if (job.begins !== "new") {
        const isThere = (task: Task) => hasFilesOf(job, task);
        coordinator.#carryOutAll(resumeJob(job.cluster, job.state, isThere, performance.now()));
      }
      accept = (stream) => {
        coordinator.#accept(stream, true);
      };
      early.forEach(accept);
      return coordinator;
    } catch (error) {
      // Workers may wait there for the coordinator that was killed, and another one may still come.
      await listener?.withdraw();
      for (const stream of early) stream.destroy();
      throw error;
    }
  }

  /** Accepts a connection from a worker that was started together with the coordinator instead of using the socket. */
  accept(stream: Duplex): void {
    this.#accept(stream, false);
  }

  #accept(stream: Duplex, isStranger: boolean): void {
    const home: Home = {
      jobId: () => this.jobId,
      reducers: this.#options.reducers,
      register: (params) => this.#register(params),
      ask: (toEvent) => this.#ask(toEvent),
      tell: (event) => this.#step(event),
      lose: (worker) => this.#step({ type: "disconnected", worker, record: this.#lastRecordOf(worker) }),
      snapshot: () => this.snapshot(),
    };
    const connection = new WorkerConnection(stream, home, { isStranger });
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
  }

  /**
   * Runs the job to its end. When it settles, only the outputs are left. Rejects with an InputError when the inputs
   * cannot be split as the app requires; then nothing was written.
   */
  async run(): Promise<JobReport> {
    // After the machine has slept, pending messages are read first: they show which workers are alive.
    const tick = () => setImmediate(() => this.#step({ type: "tick" }));
    const ticks = setInterval(tick, this.#options.taskTimeoutMs / 20);
    const notes = setInterval(() => this.#noteThroughput(), noteIntervalMs);
    await this.#ended;
    clearInterval(ticks);
    clearInterval(notes);
    clearTimeout(this.#drainTimer);
    this.#noteThroughput(true);
    const [snapshot, view] = [this.snapshot(), this.view()];
    const end =
      snapshot.phase === "done"
        ? await publishJob(this.#job, snapshot, view, this.#options)
        : { snapshot, view, failure: this.#job.state.failure };
    const outcome = outcomeOf(end.snapshot);
    this.#releaseHeld(outcome);
    await this.#sendHome(outcome);
    const report = await settleJob(this.#job, end, this.#options);
    if (this.#unsplittable !== undefined) throw this.#unsplittable;
    return report;
  }

  /**
   * Ends the job gracefully: starts no more tasks, lets running tasks finish within `timeoutMs`, and keeps all
   * completed work, so that the job can be resumed. `run` then resolves. Does nothing when the job has ended.
   */
  drain(message: string, timeoutMs: number): void {
    if (hasEnded(this.#job.state)) return;
    const running = this.#job.state.inProgress.size;
    if (running > 0 && timeoutMs > 0) {
      const tasks = running === 1 ? "the running task has" : `the ${running} running tasks have`;
      this.#options.log.warn(`${message}: ${tasks} ${prettyMs(timeoutMs)} to finish`);
    }
    this.#step({ type: "drained", job: this.jobId, message });
    this.#drainTimer ??= setTimeout(() => this.abort(message), timeoutMs);
  }

  /** Ends the job early; `run` then resolves. Does nothing when the job has ended. */
  abort(message: string): void {
    this.#step({ type: "aborted", job: this.jobId, message });
  }

  /** Stops waiting for workers: `run` resolves as soon as the job has ended. */
  hurry(): void {
    this.#hurry();
  }

  /** Identifies the job to its workers, even after a resume. */
  get jobId(): string {
    return this.#job.state.settings.id;
  }

  snapshot(): Snapshot {
    return takeSnapshot(this.#job.cluster, this.#job.state, performance.now());
  }

  /** The full view of the job, for the page and the report. */
  view(): JobView {
    const now = performance.now();
    const startedAtEpochMs = performance.timeOrigin + this.#job.state.startedAtMs;
    return takeJobView(this.#job.cluster, this.#job.state, now, {
      startedAtEpochMs,
      throughput: this.#throughput.samples,
    });
  }

  #noteThroughput(isLast = false): void {
    const now = performance.now();
    const { state } = this.#job;
    this.#throughput.note(now - state.startedAtMs, () => takeThroughput(state, now), isLast);
  }

  async #register(params: ParamsOf<"Register">): Promise<ResultOf<"Register">> {
    // The first worker determines the app when its inputs are planned.
    while (this.#planning !== undefined) await this.#planning;
    const refused = this.#changeAppFor(params) ?? refusal(this.#job.state, params);
    if (refused !== undefined) {
      const fresh = this.#mayBeginAnew() ? newJob(this.#options, this.#job.directory) : undefined;
      // A worker that no job can use must not end the interrupted one.
      if (fresh === undefined || refusal(fresh.state, params) !== undefined) {
        throw new RefusedError(refusedCode, refused);
      }
      this.#beginAnew(fresh, refused);
    }
    const { app, args, pid, host } = params;
    if (this.#job.state.phase === "waiting") {
      const planned = this.#plan(app, this.#job.state.args ?? args ?? {});
      const over = () => (this.#planning = undefined);
      this.#planning = planned.then(over, over);
      await planned;
    }
    const former = this.#formerWorker(params.former);
    const registered = await this.#ask<Pick<ResultOf<"Register">, "worker" | "keepsAttempt">>((call) => {
      return { type: "registered", call, pid, host, former };
    });
    const { journal, state } = this.#job;
    const token = journal.tokenOf(registered.worker);
    return { ...registered, job: workerJobOf(state.settings, state.args), token };
  }

  /**
   * Continues a resumed job with the changed app of its first worker, if the user accepts that. Returns why it cannot; undefined
   * when it does, or when there is no change.
   */
  #changeAppFor(params: ParamsOf<"Register">): string | undefined {
    const { cluster, state, begins } = this.#job;
    const { app } = params;
    if (!this.#options.acceptsChangedApp || begins !== "resumed" || cluster.workers.size > 0) return undefined;
    if (state.app === undefined) return undefined;
    if (state.app.hash === app.hash) {
      this.#options.log.info(
        `the first worker runs ${app.name} as the job began with it, so the job continues with that`,
      );
      return undefined;
    }
    const problem = mapSideProblem(state, app) ?? refusal({ ...state, app }, params);
    if (problem !== undefined) return `cannot resume the job in ${this.#options.outputDirectory}: ${problem}`;
    this.#step({ type: "appChanged", job: this.jobId, app });
    return undefined;
  }

  /** The worker's identity before the restart; undefined when it cannot prove it, or belonged to another job. */
  #formerWorker(former: ParamsOf<"Register">["former"]): FormerWorker | undefined {
    if (former?.job !== this.jobId || !this.#job.journal.isTokenOf(former.worker, former.token)) return undefined;
    const { worker, attempt } = former;
    return { worker, attempt: attempt && { ...attempt, job: this.jobId } };
  }

  /** The first worker determines the app, and so how the inputs are split. Only from here on are files written. */
  async #plan(app: ParamsOf<"Register">["app"], args: Readonly<Record<string, string>>): Promise<void> {
    const { output, partitioner, reducers, log } = this.#options;
    const { directory } = this.#job;
    try {
      const stop = new AbortController();
      void this.#ended.then(() => stop.abort());
      const { all, tasks: splits } = await planInputs({ ...this.#options, app, signal: stop.signal });
      if (hasEnded(this.#job.state)) return;
      const sample = partitioner === "range" ? { sample: planSample(all, app, reducers) } : {};
      const suffix = outputSuffix(outputOf(output, app.layout), app.extension);
      requireSourcesApart(directory.path, directory.path, this.#options, suffix);
      if (directory.hasJournal() && this.#options.resume === false) {
        log.warn("giving up the job that was interrupted here; --resume would have continued it");
      }
      const areOwn = this.#job.state.settings.intermediatePrefix === "";
      directory.clear(["temporary", "staged", "replaced", "journal", ...(areOwn ? (["intermediate"] as const) : [])]);
      this.#job.journal.begin(directory.path);
      log.info(`the job runs ${app.name}, the app of its first worker`);
      this.#step({ type: "planned", job: this.jobId, app, args, splits, ...sample });
    } catch (error) {
      // The user stopped the job in the meantime.
      if (hasEnded(this.#job.state)) return;
      // The next worker would fail in the same way.
      if (error instanceof InputError) this.#unsplittable = error;
      this.abort((error as Error).message);
      throw new RefusedError(refusedCode, (error as Error).message);
    }
  }

  /** Whether a resumed job may be given up for a job of another app: no worker has joined it, or could. */
  #mayBeginAnew(): boolean {
    const { begins, cluster, state } = this.#job;
    return this.#options.resume === "auto" && begins !== "new" && cluster.workers.size === 0 && !hasEnded(state);
  }

  #beginAnew(fresh: Job, why: string): void {
    this.#options.log.warn(`cannot resume the job in ${this.#options.outputDirectory}: ${why}: a new job begins`);
    this.#job.journal.close();
    this.#job = fresh;
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
    this.#carryOutAll(step(this.#job.cluster, event, performance.now()));
  }

  #carryOutAll(effects: readonly Effect[]): void {
    // The step's journal records are written at once, before any of its other effects.
    const records = effects.flatMap((effect) => (effect.type === "journal" ? [effect.record] : []));
    if (records.length > 0) this.#job.journal.write(records);
    if (effects.some((effect) => effect.type === "jobEnded" && effect.outcome === "done")) this.#held = [];
    for (const effect of effects) {
      if (this.#held !== undefined && tellsEnd(effect)) this.#held.push(effect);
      else this.#carryOut(effect);
    }
  }

  /** Tells the waiting workers how the job ended: as a failure if its output could not be published. */
  #releaseHeld(outcome: JobOutcome): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const effect of held) this.#carryOut(withOutcome(effect, outcome));
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
        break; // Already written.
      case "log":
        this.#options.log[effect.level](effect.message);
        break;
      case "jobEnded":
        this.#end();
    }
  }

  /** The position of the record that a worker was mapping when its process ended, if it left a marker. */
  #lastRecordOf(worker: string): number | undefined {
    const running = this.#job.cluster.workers.get(worker)?.running;
    if (running === undefined || this.#job.state.settings.badRecordsMax === 0) return undefined;
    return takeRecordMarker(
      this.#job.directory.path,
      this.#job.state.settings.id,
      refOf(running.task, running.attempt),
    );
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
    // Comes first, so that no worker finds neither socket nor note.
    if (outcome === "done") this.#noteDone();
    await this.#listener?.close();
    await Promise.all([...this.#connections].map((connection) => connection.close(outcome)));
  }

  #noteDone(): void {
    const { app, args = {} } = this.#job.state;
    const { socket } = this.#options;
    if (socket !== undefined && app !== undefined) {
      writeDoneNote(socket, { app: app.hash, args: { ...args }, endedAtMs: Date.now() });
    }
  }
}

/** Whether an effect tells a worker that the job has ended. */
function tellsEnd(effect: Effect): boolean {
  if (effect.type !== "reply") return effect.type === "shutdown";
  return isExit(effect.result) || ("next" in effect.result && isExit(effect.result.next));
}

function withOutcome(effect: Effect, outcome: JobOutcome): Effect {
  const exit = { type: "exit", outcome } as const;
  if (effect.type === "shutdown") return { ...effect, outcome };
  if (effect.type !== "reply") return effect;
  if (isExit(effect.result)) return { ...effect, result: exit };
  return "accepted" in effect.result ? { ...effect, result: { ...effect.result, next: exit } } : effect;
}

function isExit(result: unknown): boolean {
  return typeof result === "object" && result !== null && "type" in result && result.type === "exit";
}
