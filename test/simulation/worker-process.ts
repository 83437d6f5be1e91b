/** A simulated worker: what `src/worker/agent.ts` does, as a routine that waits for replies and for time. */
import { protocolVersion, type ParamsOf, type ResultOf } from "../../src/rpc/protocol.js";
import type { Assignment } from "../../src/model/assignment.js";
import type { AttemptRef } from "../../src/model/attempt.js";
import type { JobOutcome } from "../../src/model/job.js";
import type { Connection } from "./network.js";
import { Process } from "./process.js";
import { Random } from "./random.js";
import { type Routine, type Session, type Wait, WorkerAttempt } from "./worker-attempt.js";
import type { Response, World } from "./world.js";

type Push =
  | { type: "ping" }
  | { type: "cancel"; job: string; ref: AttemptRef }
  | { type: "shutdown"; outcome: JobOutcome }
  | Response;

class ConnectionLost extends Error {}
class Died extends Error {}
/** A single instance, because creating an Error takes long. */
const connectionLost = new ConnectionLost();
const died = new Died();

export class WorkerProcess implements Session {
  readonly process = new Process();
  readonly #world: World;
  readonly #pid: number;
  readonly #random: Random;
  readonly #onLeft: () => void;
  readonly #routine: Routine<void>;
  /** The job of the attempt that each unanswered heartbeat is about. */
  readonly #heartbeats = new Map<number, string | undefined>();
  #connection: Connection | undefined;
  #waits: { readonly wait: Wait; readonly call: number | undefined } | undefined;
  #lastRequest = 0;
  #heardMs = 0;
  #identity: { readonly job: string; readonly worker: string } | undefined;
  #attempt: WorkerAttempt | undefined;
  /** The job of the task in the last reply. */
  #assignedJob: string | undefined;
  #outcome: JobOutcome | undefined;
  #leaves = false;

  /** `onLeft` is called when it has left, or died. */
  constructor(world: World, pid: number, onLeft: () => void) {
    this.#world = world;
    this.#pid = pid;
    this.#random = new Random(world.seed, "worker", pid);
    this.#onLeft = onLeft;
    this.#routine = this.#live();
    this.#go(() => this.#routine.next());
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  kill(): void {
    if (!this.process.isAlive) return;
    this.process.kill();
    this.#connection?.close("worker");
    this.#onLeft();
  }

  /** The machine has lost power. */
  vanish(): void {
    this.process.kill();
  }

  /** It must leave when it has finished its attempt, or give it back if that takes too long. */
  leave(patienceMs: number): void {
    this.process.take(() => {
      this.#leaves = true;
      if (this.#attempt === undefined) this.#depart();
    });
    this.#world.timeline.after(patienceMs, () => {
      this.process.take(() => {
        if (this.#attempt?.release() !== true) return;
        this.#world.count("an attempt is given back");
        this.#wake();
      });
    });
  }

  isLeaving(): boolean {
    return this.#leaves;
  }

  die(): never {
    this.kill();
    throw died;
  }

  *call<M extends "ListBoundaries" | "ListInputs" | "MayCommit" | "NotifyTaskCompletion" | "RequestTask" | "Register">(
    method: M,
    params: M extends "Register" ? ParamsOf<M> : Omit<ParamsOf<M>, "worker">,
  ): Routine<ResultOf<M>> {
    if (this.#connection === undefined) throw connectionLost;
    const named = method === "Register" ? params : { ...params, worker: this.#identity?.worker };
    const result = yield { type: "call", method, params: named };
    if (result === undefined) {
      // Refused: such a worker gives up.
      this.#world.count("a call is refused");
      this.die();
    }
    return result as ResultOf<M>;
  }

  *#live(): Routine<void> {
    for (;;) {
      if (!(yield* this.#connect())) return;
      try {
        yield* this.#register();
        yield* this.#takeTasks();
        return;
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        if (this.#outcome !== undefined) return;
      }
    }
  }

  /** Tries until there is a coordinator; false when none is left. */
  *#connect(): Routine<boolean> {
    for (;;) {
      if (this.#world.isOver) return false;
      const connection = this.#world.connect();
      if (connection !== undefined) {
        connection.attach("worker", {
          receive: (message) => this.process.take(() => this.#receive(connection, message as Push)),
          closed: () => this.process.take(() => this.#lose(connection)),
        });
        this.#connection = connection;
        this.#heardMs = this.#world.timeline.nowMs;
        this.#beat(connection);
        return true;
      }
      const { nowMs } = this.#world.timeline;
      yield { type: "sleep", untilMs: nowMs + this.#random.between(10, 30), needsConnection: false };
    }
  }

  *#register(): Routine<void> {
    const attempt = this.#attempt;
    const kept = attempt === undefined || attempt.isCancelled ? {} : { attempt: attempt.ref };
    const own = this.#identity && { ...this.#identity, job: attempt?.job ?? this.#identity.job };
    const former = own === undefined ? {} : { former: { ...own, token: "", ...kept } };
    const app = { name: "wc.js", hash: "0", input: "lines", combines: true } as const;
    const hello = { protocol: protocolVersion, pid: this.#pid, host: "host", app, ...former };
    const { worker, job, keepsAttempt } = yield* this.call("Register", hello);
    this.#identity = { job: job.id, worker };
    if (attempt === undefined) return;
    if (keepsAttempt) this.#world.count("an attempt outlives its connection");
    else {
      attempt.abandon();
      this.#attempt = undefined;
    }
  }

  *#takeTasks(): Routine<void> {
    let next: Assignment = { type: "wait" };
    for (;;) {
      if (this.#attempt !== undefined) {
        next = yield* this.#attempt.complete(this);
        this.#attempt = undefined;
      }
      if (this.#outcome !== undefined || next.type === "exit" || this.#leaves) return;
      if (next.type === "wait") next = yield* this.call("RequestTask", {});
      else this.#attempt = new WorkerAttempt(this.#world, this.#assignedJob ?? "", next);
    }
  }

  #receive(connection: Connection, message: Push): void {
    if (connection !== this.#connection) return;
    if ("type" in message) {
      this.#heardMs = this.#world.timeline.nowMs;
      connection.send("worker", { id: 0, method: "heard", params: {} });
      if (message.type === "shutdown") this.#outcome = message.outcome;
      if (message.type === "shutdown") this.#cancel(undefined);
      if (message.type === "cancel") this.#cancel(message);
      return;
    }
    if (this.#heartbeats.has(message.id)) {
      const job = this.#heartbeats.get(message.id);
      this.#heartbeats.delete(message.id);
      this.#heardMs = this.#world.timeline.nowMs;
      if (message.result === undefined) this.kill();
      else for (const ref of (message.result as ResultOf<"Heartbeat">).cancel) this.#cancel({ job, ref });
    } else if (this.#waits?.call === message.id) {
      this.#assignedJob = message.job;
      this.#go(() => this.#routine.next(message.result));
    }
  }

  #lose(connection: Connection): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    const wait = this.#waits?.wait;
    if (wait?.type === "call" || wait?.needsConnection === true) {
      this.#go(() => this.#routine.throw(connectionLost));
    }
  }

  /** Cancels its attempt, or does nothing if `only` is another one. */
  #cancel(only: { readonly job: string | undefined; readonly ref: AttemptRef } | undefined): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    if (only !== undefined && (only.job !== attempt.job || !isSame(only.ref, attempt.ref))) return;
    attempt.cancel();
    if (attempt.isCancelled) this.#wake();
  }

  /** It stops waiting for the end of its attempt. */
  #wake(): void {
    const wait = this.#waits?.wait;
    if (wait?.type === "sleep" && wait.needsConnection) this.#go(() => this.#routine.next());
  }

  /** Sends heartbeats, and gives up the connection when nothing is heard. */
  #beat(connection: Connection): void {
    const { timeline, settings } = this.#world;
    timeline.after(settings.heartbeatIntervalMs, () => {
      this.process.take(() => {
        if (connection !== this.#connection) return;
        if (timeline.nowMs - this.#heardMs > settings.taskTimeoutMs) {
          this.#world.count("a worker gives its connection up");
          connection.close("worker");
          this.#lose(connection);
          return;
        }
        if (this.#identity !== undefined) this.#sendHeartbeat(connection, this.#identity.worker);
        this.#beat(connection);
      });
    });
  }

  #sendHeartbeat(connection: Connection, worker: string): void {
    // A worker that is not registered on this connection has nothing to say yet.
    if (this.#waits?.wait.type === "call" && this.#waits.wait.method === "Register") return;
    const attempt = this.#attempt;
    const attempts = attempt?.isRunning === true ? [{ ref: attempt.ref, records: 1, bytes: 1 }] : [];
    this.#lastRequest += 1;
    this.#heartbeats.set(this.#lastRequest, attempt?.job);
    const params = { worker, attempts, memoryBytes: 0 };
    connection.send("worker", { id: this.#lastRequest, method: "Heartbeat", params, job: attempt?.job });
  }

  /** Continues its work, up to the next thing it must wait for. */
  #go(resume: () => IteratorResult<Wait, void>): void {
    this.#waits = undefined;
    let result: IteratorResult<Wait, void>;
    try {
      result = resume();
    } catch (error) {
      if (error instanceof Died) return;
      throw error;
    }
    if (result.done === true) this.#depart();
    else if (result.value.type === "call") this.#send(result.value);
    else this.#sleep(result.value);
  }

  #send(wait: Extract<Wait, { type: "call" }>): void {
    this.#lastRequest += 1;
    this.#waits = { wait, call: this.#lastRequest };
    const { method, params } = wait;
    this.#connection?.send("worker", { id: this.#lastRequest, method, params, job: this.#attempt?.job });
  }

  #sleep(wait: Extract<Wait, { type: "sleep" }>): void {
    const { timeline } = this.#world;
    const waits = { wait, call: undefined };
    this.#waits = waits;
    timeline.after(wait.untilMs - timeline.nowMs, () => {
      this.process.take(() => {
        if (this.#waits === waits) this.#go(() => this.#routine.next());
      });
    });
  }

  #depart(): void {
    this.#attempt?.abandon();
    this.kill();
  }
}

function isSame(a: AttemptRef, b: AttemptRef): boolean {
  return a.kind === b.kind && a.task === b.task && a.attempt === b.attempt;
}
