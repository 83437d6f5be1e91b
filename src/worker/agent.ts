/**
 * The main thread of a worker. It speaks with the coordinator and lets an executor thread run the user's code, so that
 * code which computes for a minute, hangs or dies does not look like a dead worker.
 *
 *     coordinator ─ JSON-RPC ─ session ─ agent ─ attempt ─ messages ─ executor ─ app
 *                                                   └─ gives finished files their final names
 *
 * A session is one connection; a worker has one after the other when its coordinator is lost and comes back. An attempt
 * may outlive its session: the thread goes on meanwhile, and the coordinator says whether it still wants the result.
 */
import { hostname } from "node:os";
import type { Duplex } from "node:stream";
import type { AppFile } from "../app/resolve.js";
import { ConnectionClosedError, refusedCode, RemoteError } from "../rpc/errors.js";
import { protocolVersion, type Assignment, type AttemptRef, type JobOutcome, type ParamsOf } from "../rpc/protocol.js";
import { Attempt } from "./attempt.js";
import { Boundaries } from "./boundaries.js";
import { goneMessage, type CoordinatorAddress, type CoordinatorSearch } from "./connect.js";
import type { ProfileDestination } from "./cpu-profile.js";
import type { Departure } from "./departure.js";
import { CoordinatorUnreachableError, WorkerRefusedError } from "./errors.js";
import type { Executor } from "./executor-host.js";
import type { Job } from "./executor-messages.js";
import { ExecutorSlot } from "./executor-slot.js";
import { Session, type SessionHome } from "./session.js";

/** How long an attempt that is given back may take to end, and the coordinator to hear of it. */
const giveBackTimeoutMs = 500;

export interface WorkerOptions {
  readonly app: AppFile;
  /** The worker's own `--arg` values; undefined when it takes the job's. */
  readonly args: Readonly<Record<string, string>> | undefined;
  /** The first executor. It is started before all else: its thread boots while this one loads the rest. */
  readonly executor: Promise<Executor>;
  /** Where a CPU profile of each attempt goes; that executor has it already. */
  readonly profiles?: ProfileDestination;
  readonly coordinator: CoordinatorAddress;
  readonly departure: Departure;
  /** Called when a coordinator has taken the worker in, and given it this id. */
  onJoined(id: string): void;
  /** Called when the coordinator is lost and waited for. */
  onLost(): void;
  /** Called at the end of the job with an error of the app that came after its attempt had ended. */
  onAfterthought(message: string): void;
}

/**
 * Runs a worker until the job has ended, and says how. Leaves no unfinished file behind, and no finished one that the
 * coordinator does not know of.
 *
 * Throws an AppError when the app cannot be loaded, a WorkerRefusedError when the job is another one, a
 * CoordinatorUnreachableError when there is no coordinator or none any more, and the reason of the departure's signal.
 */
export async function runWorker(options: WorkerOptions): Promise<JobOutcome> {
  const { signal } = options.departure;
  let agent: Agent | undefined;
  // However the process ends from now on, short of being killed.
  const onExit = () => agent?.removeMarker();
  process.on("exit", onExit);
  try {
    // The app first: when it cannot be loaded, its author need not wait for a coordinator to learn of it.
    agent = new Agent(options, await options.executor);
    return await agent.work();
  } catch (error) {
    // Then the thread was ended from here, also while it loaded the app.
    signal.throwIfAborted();
    if (error instanceof RemoteError && error.code === refusedCode) throw new WorkerRefusedError(error.message);
    if (!(error instanceof ConnectionClosedError)) throw error;
    throw new CoordinatorUnreachableError(goneMessage(options.coordinator.name));
  } finally {
    await agent?.stop();
    process.off("exit", onExit);
  }
}

/** As whom the worker is registered. */
interface Identity extends Omit<NonNullable<ParamsOf<"Register">["former"]>, "attempt"> {
  readonly taskTimeoutMs: number;
}

class Agent {
  readonly #options: WorkerOptions;
  readonly #slot: ExecutorSlot;
  readonly #boundaries = new Boundaries();
  #identity: Identity | undefined;
  /** As long as no coordinator has answered, or none after one was lost. */
  #search: CoordinatorSearch | undefined;
  /** The one that it has at present. */
  #attempt: Attempt | undefined;

  constructor(options: WorkerOptions, executor: Executor) {
    this.#options = options;
    this.#slot = new ExecutorSlot(executor, options.app, options.profiles, options.departure.signal);
    this.#search = options.coordinator.seek();
  }

  /** Takes tasks until there are none any more. Rejects with a ConnectionClosedError when the coordinator is lost. */
  async work(): Promise<JobOutcome> {
    for (;;) {
      const stream = await this.#connect();
      if (stream === "done") return stream;
      const begunMs = performance.now();
      const end = await this.#workOver(stream);
      if (!(end instanceof ConnectionClosedError)) return end;
      // One that takes connections and answers nothing is not there.
      this.#search?.spend(Math.min(performance.now() - begunMs, this.#identity?.taskTimeoutMs ?? 0));
    }
  }

  /** To be called before the process ends: nobody is to take it for one that has died of a record. */
  removeMarker(): void {
    this.#attempt?.removeMarker();
  }

  /** Gives up what it has, and ends the executor thread. */
  async stop(): Promise<void> {
    await this.#attempt?.abandon();
    await this.#slot.stop();
  }

  #connect(): Promise<Duplex | "done"> {
    const { coordinator, departure } = this.#options;
    if (this.#search === undefined) {
      if (coordinator.awaitReturn === undefined) throw new CoordinatorUnreachableError(goneMessage(coordinator.name));
      this.#search = coordinator.awaitReturn();
      this.#options.onLost();
    }
    return this.#search.connect(departure.signal);
  }

  /** Works for the coordinator at the other end: how the job has ended, or the error with which the connection was lost. */
  async #workOver(stream: Duplex): Promise<JobOutcome | ConnectionClosedError> {
    const { signal } = this.#options.departure;
    const session = new Session(stream, this.#home());
    let giveBackTimer: NodeJS.Timeout | undefined;
    const leave = () => {
      if (this.#attempt === undefined) {
        session.destroy();
        return;
      }
      this.#attempt.giveBack();
      giveBackTimer = setTimeout(() => session.destroy(), giveBackTimeoutMs);
    };
    signal.addEventListener("abort", leave);
    try {
      signal.throwIfAborted();
      const job = await this.#register(session);
      this.#search = undefined;
      return await this.#takeTasks(session, job);
    } catch (error) {
      signal.throwIfAborted();
      if (session.failure !== undefined) throw session.failure;
      if (error instanceof ConnectionClosedError) return session.outcome ?? error;
      throw error;
    } finally {
      signal.removeEventListener("abort", leave);
      clearTimeout(giveBackTimer);
      await session.close();
    }
  }

  #home(): SessionHome {
    return {
      progress: () => {
        const attempt = this.#attempt;
        return attempt?.isRunning === true ? { ref: attempt.ref, ...this.#slot.progress } : undefined;
      },
      cancel: (ref) => {
        const attempt = this.#attempt;
        if (ref === undefined || (attempt !== undefined && isSameAttempt(ref, attempt.ref))) attempt?.cancel();
      },
      beforeEnd: () => this.removeMarker(),
    };
  }

  async #register(session: Session): Promise<Job> {
    const { app, args, coordinator } = this.#options;
    const params: ParamsOf<"Register"> = {
      protocol: protocolVersion,
      pid: process.pid,
      host: hostname(),
      app: { name: app.name, hash: app.hash, ...this.#slot.traits },
      ...(args === undefined ? {} : { args: { ...args } }),
      ...this.#former(),
    };
    const { worker, token, job, keepsAttempt } = await session.register(params, {
      mayGoSilent: coordinator.awaitReturn === undefined,
      helloTimeoutMs: this.#identity?.taskTimeoutMs ?? coordinator.helloTimeoutMs,
    });
    this.#identity = { job: job.id, worker, token, taskTimeoutMs: job.taskTimeoutMs };
    // Of a job that is another one by now, or of a task that was given to others, nothing is to be written any more.
    if (this.#attempt !== undefined && !(keepsAttempt && this.#attempt.job.id === job.id)) {
      await this.#attempt.abandon();
      this.#setAttempt(undefined);
    }
    this.#options.onJoined(worker);
    return job;
  }

  /** Who it was, and what it still has to do. */
  #former(): Pick<ParamsOf<"Register">, "former"> {
    if (this.#identity === undefined) return {};
    const { job, worker, token } = this.#identity;
    const attempt = this.#attempt;
    const kept = attempt === undefined || attempt.isCancelled ? {} : { attempt: attempt.ref };
    return { former: { job, worker, token, ...kept } };
  }

  /** Takes tasks until there are none any more, the one that it has from before first. */
  async #takeTasks(session: Session, job: Job): Promise<JobOutcome> {
    const { departure } = this.#options;
    let next: Assignment = { type: "wait" };
    for (;;) {
      if (this.#attempt !== undefined) {
        next = await this.#attempt.complete(session, () => departure.isDraining || departure.signal.aborted);
        this.#setAttempt(undefined);
      }
      const outcome = session.outcome ?? (next.type === "exit" ? next.outcome : undefined);
      if (outcome !== undefined) {
        this.#sayAfterthought();
        return outcome;
      }
      departure.signal.throwIfAborted();
      if (next.type === "wait" || next.type === "exit") next = await session.call("RequestTask", {});
      else this.#setAttempt(new Attempt(next, job, this.#slot, this.#boundaries));
    }
  }

  #setAttempt(attempt: Attempt | undefined): void {
    this.#attempt = attempt;
    this.#options.departure.setBusy(attempt !== undefined);
  }

  #sayAfterthought(): void {
    const { afterthought } = this.#slot;
    if (afterthought === undefined) return;
    this.#options.onAfterthought(`an error of the app came too late to be told: ${afterthought.message}`);
  }
}

function isSameAttempt(a: AttemptRef, b: AttemptRef): boolean {
  return a.kind === b.kind && a.task === b.task && a.attempt === b.attempt;
}
