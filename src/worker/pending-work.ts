/**
 * Finds work that an app started in an attempt and did not await: timers, requests, streams, child processes, promises
 * that wait for these. A pair that such work emits comes too late, so the attempt must fail, however much later that
 * is.
 *
 * Activity at the end of an attempt proves little: a pool of database connections keeps sockets and timers for the next
 * attempt, and a `Promise.race` against a time-out leaves its timer behind. The question is whether any such work can
 * still emit, and the garbage collector answers it: a callback that can emit keeps the attempt's `EmitGate` alive.
 * Pending work that can reach the gate fails the attempt. The engine waits for other work only if it is of a kind that
 * ends by itself, such as writing a file.
 *
 * An app may also keep the context in a module variable. Then the gate is always alive, and only work that the attempt
 * itself started counts, without what was open when its `setup` ended.
 *
 * An attempt that leaves nothing behind, as nearly all do, costs one turn of the event loop; a record costs nothing.
 * The collector runs only when something is pending.
 */
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import {
  ActiveInContext,
  ActiveInOwnLoop,
  describeKinds,
  isFinite,
  isRequest,
  type ActiveWork,
} from "./active-work.js";
import { collectGarbage } from "./collect-garbage.js";
import { EmitGate, EmitPhase, takeUntold } from "./emit-gate.js";
import { UnawaitedWorkError } from "./errors.js";

/** How long pending work may take to end before the attempt fails: closing a file takes a moment. */
const graceMs = 2000;
const pauseMsMax = 100;
/** The first pause. An idle event loop ends it at once, unless the machine is busy; then a collection would cost more. */
const firstPauseMs = 10;

/** The work of one attempt. */
export class PendingWork {
  readonly #task: string;
  readonly #active: ActiveWork;
  readonly #phases: EmitPhase[] = [];
  readonly #gates: WeakRef<EmitGate>[] = [];

  private constructor(task: string, active: ActiveWork) {
    this.#task = task;
    this.#active = active;
  }

  /**
   * To be called before the attempt begins; `task` is its name in messages. A thread that only runs attempts passes the
   * port through which it gets its instructions.
   */
  static async begin(task: string, port?: MessagePort | null): Promise<PendingWork> {
    // Node opens these on first use, which would count as work of the app.
    for (const stream of [process.stdout, process.stderr]) stream.listenerCount("error");
    return new PendingWork(task, port ? await ActiveInOwnLoop.begin(port) : new ActiveInContext());
  }

  /**
   * Runs the attempt and resolves to its result once nothing that it started can still emit. Nothing that this function
   * calls may hold the attempt's context once `attempt` has resolved.
   *
   * Throws what `attempt` throws, a LateEmitError when something emitted late, and an UnawaitedWorkError when something
   * may. Later emits are dropped.
   */
  async run<Result>(attempt: () => Promise<Result>): Promise<Result> {
    try {
      const result = await this.#active.run(attempt);
      for (const phase of this.#phases) phase.settle();
      await this.#settle();
      this.#throwFault();
      for (const phase of this.#phases) phase.close();
      return result;
    } catch (error) {
      for (const phase of this.#phases) phase.disown();
      throw error;
    } finally {
      this.#active.stop();
    }
  }

  /** A gate for a context of the attempt. */
  newGate(): EmitGate {
    const phase = new EmitPhase();
    const gate = new EmitGate(this.#task, phase);
    this.#phases.push(phase);
    this.#gates.push(new WeakRef(gate));
    return gate;
  }

  /** To be called when `setup` has ended: the connections that it opened are meant to stay open. */
  noteSetUp(): Promise<void> {
    return this.#active.noteSetUp();
  }

  /**
   * To be called after the last record and after `teardown`: waits until the app's file reads and writes are finished,
   * since `teardown` and the side files may depend on them. Throws the LateEmitError of a pair that is emitted
   * meanwhile.
   */
  async settleFiles(): Promise<void> {
    const isBusy = () => this.#active.started().some(isRequest);
    if (!isBusy()) return;
    const open = this.#phases.filter(({ isOpen }) => isOpen);
    for (const phase of open) phase.settle();
    const deadlineMs = performance.now() + graceMs;
    for (let pauseMs = 1; isBusy() && performance.now() < deadlineMs; pauseMs = longer(pauseMs)) {
      await delay(pauseMs);
      // Synchronous calls, such as `randomUUID` and `gzipSync`, count as active until they are collected.
      if (isBusy()) collectGarbage();
    }
    this.#throwFault();
    for (const phase of open) phase.open();
  }

  async #settle(): Promise<void> {
    const deadlineMs = performance.now() + graceMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = longer(pauseMs)) {
      if (await this.#active.isIdleWithin(pauseMs)) return;
      // A weak reference that was read in this turn keeps its target alive until the next.
      await nextTurn();
      collectGarbage();
      const canEmit = this.#gates.some((gate) => gate.deref() !== undefined);
      const started = this.#active.started();
      this.#throwFault();
      if (!canEmit && !started.some(isFinite)) return;
      // The app keeps its context, and all active work is older than the attempt.
      if (canEmit && started.length === 0 && !this.#active.isLoopOwn) return;
      if (performance.now() >= deadlineMs) throw new UnawaitedWorkError(this.#task, describeKinds(started));
    }
  }

  #throwFault(): void {
    const fault = this.#phases.find((phase) => phase.fault !== undefined)?.fault ?? takeUntold();
    if (fault !== undefined) throw fault;
  }
}

function longer(pauseMs: number): number {
  return Math.min(2 * pauseMs, pauseMsMax);
}
