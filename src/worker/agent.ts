/**
 * The main thread of a worker. It speaks with the coordinator and lets an executor thread run the user's code, so that
 * code which computes for a minute, hangs or dies does not look like a dead worker.
 *
 *     coordinator ─ JSON-RPC ─ agent ─ messages ─ executor ─ app
 *                                └─ gives finished files their final names
 *
 * An attempt goes: assignment → run in the executor → `MayCommit` → rename → `NotifyTaskCompletion` → next assignment.
 */
import { hostname } from "node:os";
import type { AppFile } from "../app/resolve.js";
import { ConnectionClosedError, refusedCode, RemoteError } from "../rpc/errors.js";
import { Peer, type Handlers } from "../rpc/peer.js";
import {
  protocolVersion,
  type Assignment,
  type AttemptOutcome,
  type AttemptRef,
  type JobOutcome,
  type OutputFile,
  type ReduceInput,
  type ResultOf,
} from "../rpc/protocol.js";
import type { CoordinatorAddress } from "./connect.js";
import { CoordinatorUnreachableError, WorkerRefusedError } from "./errors.js";
import { Executor, type AttemptEnd } from "./executor-host.js";
import type { Job, WorkAssignment } from "./executor-messages.js";
import type { AttemptResult } from "./task-context.js";
import { WrittenFiles } from "./written-files.js";

export interface WorkerOptions {
  readonly app: AppFile;
  /** The worker's own `--arg` values; undefined when it takes the job's. */
  readonly args: Readonly<Record<string, string>> | undefined;
  /** The first executor. It is started before all else: its thread boots while this one loads the rest. */
  readonly executor: Promise<Executor>;
  readonly coordinator: CoordinatorAddress;
  /** Aborted when the worker is to leave at once. */
  readonly signal: AbortSignal;
  /** Called when the coordinator has taken the worker in, and given it this id. */
  onJoined(id: string): void;
}

/**
 * Runs a worker until the job has ended, and says how. Leaves no file behind that the job does not need.
 *
 * Throws an AppError when the app cannot be loaded, a WorkerRefusedError when the job is another one, a
 * CoordinatorUnreachableError when there is no coordinator or none any more, and the signal's reason when aborted.
 */
export async function runWorker(options: WorkerOptions): Promise<JobOutcome> {
  const { coordinator, signal } = options;
  let agent: Agent | undefined;
  try {
    // The app first: when it cannot be loaded, its author need not wait for a coordinator to learn of it.
    agent = new Agent(options, await options.executor);
    return await agent.work(new Peer(await coordinator.connect(signal), agent.handlers()));
  } catch (error) {
    // Then the thread was ended from here, also while it loaded the app.
    signal.throwIfAborted();
    if (error instanceof RemoteError && error.code === refusedCode) throw new WorkerRefusedError(error.message);
    if (!(error instanceof ConnectionClosedError)) throw error;
    throw new CoordinatorUnreachableError(`${coordinator.name} is gone; it did not say how its job ended`);
  } finally {
    await agent?.stop();
  }
}

/** What a worker knows once it is registered. */
interface Session {
  readonly peer: Peer;
  readonly worker: string;
  readonly job: Job;
  readonly files: WrittenFiles;
}

/** The attempt that the executor runs. */
interface Running {
  readonly ref: AttemptRef;
  /** Set when nobody wants its result any more. */
  cancelled: boolean;
}

const staleInputs: AttemptEnd = {
  type: "failed",
  class: "damaged",
  message: "its inputs were lost before it could read them",
  damaged: [],
};

/** Longer texts of an app's error are cut: the message must fit on the wire, and somebody is to read it. */
const errorCharactersMax = 64 * 1024;

class Agent {
  readonly #options: WorkerOptions;
  #executor: Executor;
  #session: Session | undefined;
  #running: Running | undefined;
  /** Why the session cannot go on, when that came up beside it. */
  #failure: Error | undefined;
  /** How the job has ended, when the coordinator said so without being asked for a task. */
  #outcome: JobOutcome | undefined;

  constructor(options: WorkerOptions, executor: Executor) {
    this.#options = options;
    this.#executor = executor;
  }

  /** What the coordinator may call. */
  handlers(): Handlers {
    return {
      Ping: () => ({}),
      CancelTask: ({ ref }) => {
        this.#cancel(ref);
        return {};
      },
      Shutdown: ({ outcome }) => {
        this.#outcome = outcome;
        this.#cancel();
        return {};
      },
    };
  }

  /** Takes tasks until there are none any more. Rejects with a ConnectionClosedError when the coordinator is lost. */
  async work(peer: Peer): Promise<JobOutcome> {
    const { signal, coordinator } = this.#options;
    signal.throwIfAborted();
    const leave = () => peer.destroy();
    signal.addEventListener("abort", leave);
    void peer.closed.then(() => this.#cancel());
    let heartbeats: NodeJS.Timeout | undefined;
    try {
      const session = await this.#register(peer);
      this.#session = session;
      this.#options.onJoined(session.worker);
      // After a stop (SIGSTOP, a sleeping laptop) what the coordinator has said meanwhile is read before anything is sent:
      // it may have said goodbye.
      const beat = () => setImmediate(() => void this.#heartbeat(session));
      heartbeats = setInterval(beat, session.job.heartbeatIntervalMs);
      const outcome = await this.#takeTasks(session);
      const { afterthought } = this.#executor;
      if (afterthought !== undefined)
        console.error(`an error of the app came too late to be told: ${afterthought.message}`);
      return outcome;
    } catch (error) {
      if (error instanceof ConnectionClosedError && this.#outcome !== undefined) return this.#outcome;
      if (this.#failure !== undefined) throw this.#failure;
      // A coordinator that was killed has lost its job, and what was made for it is of no use. One that has ended in
      // good order knows best which files are to stay.
      if (error instanceof ConnectionClosedError && (await coordinator.wasKilled(signal))) {
        this.#session?.files.takeBack();
      }
      throw error;
    } finally {
      clearInterval(heartbeats);
      signal.removeEventListener("abort", leave);
      await peer.close();
    }
  }

  /** Ends the executor thread. */
  async stop(): Promise<void> {
    await this.#executor.stop();
  }

  async #register(peer: Peer): Promise<Session> {
    const { app, args } = this.#options;
    const { worker, job } = await peer.call("Register", {
      protocol: protocolVersion,
      pid: process.pid,
      host: hostname(),
      app: { name: app.name, hash: app.hash, input: this.#executor.input },
      ...(args === undefined ? {} : { args: { ...args } }),
    });
    return { peer, worker, job, files: new WrittenFiles(job.directory, job.id) };
  }

  async #takeTasks(session: Session): Promise<JobOutcome> {
    let next: Assignment = { type: "wait" };
    for (;;) {
      if (this.#outcome !== undefined) return this.#outcome;
      if (next.type === "exit") return next.outcome;
      if (next.type === "wait") next = await session.peer.call("RequestTask", { worker: session.worker });
      else next = await this.#attempt(session, next);
    }
  }

  /** Runs one attempt to its end, whichever, and returns what to do next. */
  async #attempt(session: Session, assigned: Extract<Assignment, { type: "map" | "reduce" }>): Promise<Assignment> {
    const { ref } = assigned;
    const running: Running = { ref, cancelled: false };
    this.#running = running;
    const inputs = assigned.type === "reduce" ? await this.#listInputs(session, ref) : [];
    const assignment: WorkAssignment = assigned.type === "reduce" ? { ...assigned, inputs: inputs ?? [] } : assigned;
    const end = inputs === undefined ? staleInputs : await this.#execute(assignment, session.job, running);
    this.#running = undefined;
    if (running.cancelled || end.type === "failed") session.files.discardUnfinished(ref);
    if (running.cancelled) return { type: "wait" };
    return end.type === "failed" ? this.#report(session, ref, end) : this.#commit(session, ref, end.result);
  }

  /** The inputs of a reduce attempt; undefined when some are not there any more. */
  async #listInputs({ peer, worker }: Session, ref: AttemptRef): Promise<ReduceInput[] | undefined> {
    const inputs: ReduceInput[] = [];
    for (let from: number | undefined = 0; from !== undefined;) {
      const page: ResultOf<"ListInputs"> = await peer.call("ListInputs", { worker, ref, from });
      if (page.type === "stale") return undefined;
      inputs.push(...page.inputs);
      from = page.next;
    }
    return inputs;
  }

  async #execute(assignment: WorkAssignment, job: Job, running: Running): Promise<AttemptEnd> {
    const { app, signal } = this.#options;
    const { afterthought } = this.#executor;
    try {
      if (!this.#executor.isAlive) this.#executor = await Executor.start(app.path, signal);
    } catch (error) {
      return { type: "failed", class: "error", message: (error as Error).message };
    }
    if (afterthought !== undefined) return afterthought;
    if (running.cancelled) return { type: "failed", class: "crash", message: "cancelled before it began" };
    return this.#executor.run(assignment, job);
  }

  async #commit(session: Session, ref: AttemptRef, result: AttemptResult): Promise<Assignment> {
    const { files, skipped, ...measures } = result;
    let granted = false;
    try {
      granted = await this.#mayCommit(session, ref);
    } finally {
      if (!granted) session.files.discardUnfinished(ref);
    }
    if (!granted) return { type: "wait" };
    try {
      session.files.commit(files);
    } catch (error) {
      session.files.discardUnfinished(ref);
      return this.#report(session, ref, { type: "failed", class: "error", message: (error as Error).message });
    }
    // The output of a reduce task is nobody's input.
    const made = ref.kind === "map" ? files : [];
    const outputs = made.map(({ partition, bytes, checksum }): OutputFile => [partition, bytes, checksum]);
    const counters = measures.counters.map(([name, count]): [string, number] => [name, count]);
    return this.#report(session, ref, { type: "done", outputs, skipped: [...skipped], ...measures, counters }, result);
  }

  /**
   * A grant holds as long as the coordinator takes this worker for alive, which is at least the task timeout from the
   * moment of asking. A worker that was stopped in between (SIGSTOP, a sleeping laptop) asks again before it renames.
   */
  async #mayCommit({ peer, worker, job }: Session, ref: AttemptRef): Promise<boolean> {
    for (;;) {
      const askedMs = performance.now();
      const { granted } = await peer.call("MayCommit", { worker, ref });
      if (!granted || performance.now() - askedMs < job.taskTimeoutMs / 2) return granted;
    }
  }

  async #report(session: Session, ref: AttemptRef, outcome: AttemptOutcome, made?: AttemptResult): Promise<Assignment> {
    const { peer, worker, files } = session;
    const { accepted, next } = await peer.call("NotifyTaskCompletion", {
      worker,
      ref,
      outcome: shortened(outcome),
      leaving: false,
    });
    // The output of a reduce task has one name for all attempts: another attempt's may stand there, and stays.
    if (!accepted && ref.kind === "map") files.takeBack(made?.files.map(({ finalPath }) => finalPath) ?? []);
    return next;
  }

  async #heartbeat({ peer, worker }: Session): Promise<void> {
    const ref = this.#running?.ref;
    const attempts = ref === undefined ? [] : [{ ref, ...this.#executor.progress }];
    try {
      const { cancel } = await peer.call("Heartbeat", { worker, attempts, memoryBytes: process.memoryUsage.rss() });
      for (const revoked of cancel) this.#cancel(revoked);
    } catch (error) {
      // The loss of the connection ends the session where it waits for a task or reports one.
      if (error instanceof ConnectionClosedError) return;
      this.#failure ??= error as Error;
      peer.destroy();
    }
  }

  /** Stops the attempt that runs, or does nothing when another one is meant. */
  #cancel(ref?: AttemptRef): void {
    const running = this.#running;
    if (running === undefined || running.cancelled) return;
    if (ref !== undefined && !isSameAttempt(ref, running.ref)) return;
    running.cancelled = true;
    void this.#executor.cancel();
  }
}

function isSameAttempt(a: AttemptRef, b: AttemptRef): boolean {
  return a.kind === b.kind && a.task === b.task && a.attempt === b.attempt;
}

function shortened(outcome: AttemptOutcome): AttemptOutcome {
  if (outcome.type === "done") return outcome;
  const cut = (text: string) => (text.length <= errorCharactersMax ? text : `${text.slice(0, errorCharactersMax)}…`);
  const stack = outcome.stack === undefined ? {} : { stack: cut(outcome.stack) };
  return { ...outcome, message: cut(outcome.message), ...stack };
}
