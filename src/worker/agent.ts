/**
 * The main thread of a worker. It talks to the coordinator, while an executor thread runs the user's code: code that
 * computes for a minute, hangs or dies must not look like a dead worker.
 *
 *     coordinator ─ JSON-RPC ─ session ─ agent ─ attempt ─ messages ─ executor ─ app
 *                                                   └─ gives finished files their final names
 *
 * A session is one connection. A worker has several in turn when its coordinator is lost and comes back. An attempt may
 * outlive its session: the thread continues meanwhile, and the coordinator then decides whether it still needs the
 * result.
 */
import { hostname } from "node:os";
import type { Duplex } from "node:stream";
import type { AppFile } from "../app/resolve.js";
import type { WorkerMemory } from "../machine/worker-memory.js";
import { ConnectionClosedError, refusedCode, RemoteError } from "../rpc/errors.js";
import { protocolVersion, type ParamsOf } from "../rpc/protocol.js";
import type { Assignment } from "../model/assignment.js";
import type { AttemptRef } from "../model/attempt.js";
import type { JobOutcome } from "../model/job.js";
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

/** How long an attempt that is given back may take to end, and its report to reach the coordinator. */
const giveBackTimeoutMs = 500;

export interface WorkerOptions {
  readonly app: AppFile;
  /** The worker's own `--arg` values; undefined when it takes the job's. */
  readonly args: Readonly<Record<string, string>> | undefined;
  /** The first executor. It starts before everything else: its thread boots while this thread loads the rest. */
  readonly executor: Promise<Executor>;
  /** Where CPU profiles of attempts go; that executor already knows. */
  readonly profiles?: ProfileDestination;
  /** The memory of this process; undefined for no limit. */
  readonly memory?: WorkerMemory | undefined;
  readonly coordinator: CoordinatorAddress;
  readonly departure: Departure;
  /** Called when a coordinator has registered the worker under this id. */
  onJoined(id: string): void;
  /** Called when the coordinator is lost and the worker waits for it. */
  onLost(): void;
  /** Called with what the user must know at once, such as an app error that surfaced after its attempt had ended. */
  onWarning(message: string): void;
}

/**
 * Runs a worker until the job has ended, and returns how it ended. Leaves no unfinished file behind, and no finished
 * file that the coordinator does not know of.
 *
 * Throws an AppError when the app cannot be loaded, a WorkerRefusedError when the job is a different one, a
 * CoordinatorUnreachableError when there is no coordinator, or no longer one, and the reason of the departure's signal.
 */
export async function runWorker(options: WorkerOptions): Promise<JobOutcome> {
  const { signal } = options.departure;
  let agent: Agent | undefined;
  // However the process ends from now on, short of being killed.
  const onExit = () => agent?.removeMarker();
  process.on("exit", onExit);
  try {
    // The app first: if it cannot be loaded, its author should not have to wait for a coordinator to find out.
    agent = new Agent(options, await options.executor);
    return await agent.work();
  } catch (error) {
    // In that case this process ended the thread, perhaps while it loaded the app.
    signal.throwIfAborted();
    if (error instanceof RemoteError && error.code === refusedCode) throw new WorkerRefusedError(error.message);
    if (!(error instanceof ConnectionClosedError)) throw error;
    throw new CoordinatorUnreachableError(goneMessage(options.coordinator.name));
  } finally {
    await agent?.stop();
    process.off("exit", onExit);
  }
}

/** The identity under which the worker is registered. */
interface Identity extends Omit<NonNullable<ParamsOf<"Register">["former"]>, "attempt"> {
  readonly taskTimeoutMs: number;
}

class Agent {
  readonly #options: WorkerOptions;
  readonly #slot: ExecutorSlot;
  readonly #boundaries = new Boundaries();
  #identity: Identity | undefined;
  /** Set until a coordinator has answered, also after one was lost. */
  #search: CoordinatorSearch | undefined;
  /** The current attempt. */
  #attempt: Attempt | undefined;

  constructor(options: WorkerOptions, executor: Executor) {
    this.#options = options;
    this.#slot = new ExecutorSlot(executor, options.app, options, options.departure.signal, (message) =>
      options.onWarning(message),
    );
    this.#search = options.coordinator.seek();
  }

  /** Runs tasks until there are no more. Rejects with a ConnectionClosedError when the coordinator is lost. */
  async work(): Promise<JobOutcome> {
    for (;;) {
      const stream = await this.#connect();
      if (stream === "done") return stream;
      const begunMs = performance.now();
      const end = await this.#workOver(stream);
      if (!(end instanceof ConnectionClosedError)) return end;
      // A coordinator that accepts connections but answers nothing does not count as found.
      this.#search?.spend(Math.min(performance.now() - begunMs, this.#identity?.taskTimeoutMs ?? 0));
    }
  }

  /** Removes the marker. Call it before the process ends, so that it does not look as if a record had killed it. */
  removeMarker(): void {
    this.#attempt?.removeMarker();
  }

  /** Gives up its attempt, and ends the executor thread. */
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

  /** Works for the coordinator at the other end. Returns how the job ended, or the error that ended the connection. */
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
    // An attempt for a different job, or of a task that others have been assigned, must write no more files.
    if (this.#attempt !== undefined && !(keepsAttempt && this.#attempt.job.id === job.id)) {
      await this.#attempt.abandon();
      this.#setAttempt(undefined);
    }
    this.#options.onJoined(worker);
    return job;
  }

  /** The worker's former identity, and its unfinished attempt. */
  #former(): Pick<ParamsOf<"Register">, "former"> {
    if (this.#identity === undefined) return {};
    const { job, worker, token } = this.#identity;
    const attempt = this.#attempt;
    const kept = attempt === undefined || attempt.isCancelled ? {} : { attempt: attempt.ref };
    return { former: { job, worker, token, ...kept } };
  }

  /** Runs tasks until there are no more, beginning with the attempt it still holds. */
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
    this.#options.onWarning(`an error of the app came too late to fail its attempt: ${afterthought.message}`);
  }
}

function isSameAttempt(a: AttemptRef, b: AttemptRef): boolean {
  return a.kind === b.kind && a.task === b.task && a.attempt === b.attempt;
}
