import { outputTasks, type State } from "../../src/scheduler/model.js";
/**
 * A cluster without processes: workers that follow the protocol, delayed messages, and faults. The caller decides what
 * happens next, one move at a time, so that fast-check can choose and shrink it.
 *
 * Each worker has an outbox (sent but not yet received by the coordinator) and an inbox, both in order, as on one
 * connection. So every reply and every cancel may cross with any message of the worker. When the connection is cut, or
 * the coordinator is killed and continues from its journal, the worker comes back with its attempt.
 */
import { createState } from "../../src/scheduler/create.js";
import { checkInvariants } from "../../src/scheduler/invariants.js";
import type { Effect, Event, FormerWorker, JournalRecord } from "../../src/scheduler/events.js";
import type { JobSettings } from "../../src/model/job.js";
import { restore, resume } from "../../src/scheduler/restore.js";
import { step } from "../../src/scheduler/step.js";
import type { Assignment, ReduceInput } from "../../src/model/assignment.js";
import type { AttemptOutcome, AttemptRef } from "../../src/model/attempt.js";
import type { ResultOf } from "../../src/rpc/protocol.js";
import { damaged, done, failed } from "./cluster-outcomes.js";
import { Ledger } from "./ledger.js";

type Reply = Extract<Effect, { type: "reply" }>["result"];
type CallEvent = Extract<Event, { call: number }>;
type Message =
  { type: "answer"; call: CallEvent; result: Reply } | Extract<Effect, { type: "ping" | "cancel" | "shutdown" }>;

interface Worker {
  /** Empty until the coordinator has assigned one. */
  id: string;
  frozen: boolean;
  readonly outbox: Event[];
  readonly inbox: Message[];
  /** Its identity when its connection was lost. */
  was: FormerWorker | undefined;
  /** RequestTask calls that it has sent and whose replies it has not read. */
  asking: number;
  current: Current | undefined;
  readonly former: AttemptRef[];
}

interface Current {
  readonly ref: AttemptRef;
  doing: "begun" | "listing" | "running" | "asking to commit" | "may commit" | "reporting";
  /** For a reduce attempt, once it has listed its inputs. */
  inputs: readonly ReduceInput[];
}

/** One move: for the worker `who` (modulo their number), in the way `how` (modulo the possible ways). */
export interface Move {
  readonly type: string;
  readonly who: number;
  readonly how: number;
}

export class Cluster {
  readonly ledger: Ledger;
  #state: State;
  readonly #settings: JobSettings;
  readonly #splitBytes: readonly number[];
  readonly #workers: Worker[] = [];
  /** Calls that await a reply, with the worker that made each. */
  readonly #callers = new Map<number, { worker: Worker; call: CallEvent }>();
  readonly #leftovers: Event[] = [];
  readonly #journal: JournalRecord[] = [];
  readonly #script: { now: number; event: Event | { type: "restarted" }; effects: Effect[] }[] = [];
  #calls = 0;
  #now = 0;
  #planned = false;

  constructor(settings: JobSettings, splitBytes: readonly number[]) {
    this.#settings = settings;
    this.#splitBytes = splitBytes;
    this.#state = createState(settings, undefined, 0);
    this.ledger = new Ledger(settings);
  }

  get state(): State {
    return this.#state;
  }

  /** The state that another coordinator would restore now. */
  restored(isThere: (partition: number) => boolean = () => true): { state: State; effects: Effect[] } {
    const state = createState(this.#settings, undefined, this.#now);
    // As if read from a file.
    const records = JSON.parse(JSON.stringify(this.#journal)) as JournalRecord[];
    for (const record of records) restore(state, record, this.#now);
    const effects: Effect[] = [];
    resume(state, (task) => !outputTasks(state).includes(task) || isThere(task.index), this.#now, effects);
    checkInvariants(state, this.#now);
    return { state, effects };
  }

  /** The moves up to now, for the message of a failure. */
  get script(): string {
    const lines = this.#script.map(({ now, event, effects }) =>
      [`${now} ms ${JSON.stringify(event)}`, ...effects.map((effect) => `    ${JSON.stringify(effect)}`)].join("\n"),
    );
    return lines.join("\n");
  }

  move({ type, who, how }: Move): void {
    this.#now += how % 7;
    switch (type) {
      case "join":
        if (this.#workers.length < 8) this.#join();
        return;
      case "plan":
        this.#plan();
        return;
      case "pass":
      case "leap":
        this.#pass(Math.ceil((this.#settings.taskTimeoutMs * ((how % 8) + 1)) / (type === "leap" ? 2 : 16)));
        return;
      case "calm":
        // Everyone who can sends a sign of life, so that tasks grow old but not their workers.
        for (let i = 0; i <= how % 4; i++) {
          this.#pass(Math.ceil(this.#settings.taskTimeoutMs / 3));
          for (const worker of [...this.#workers].filter((worker) => !worker.frozen)) {
            this.#act(worker, "heartbeat", how);
            while (worker.outbox.length > 0) this.#deliver(worker);
          }
        }
        return;
      case "stranger": {
        const event = this.#leftovers.shift();
        const ref: AttemptRef = { kind: "map", task: how % 3, attempt: 1 };
        this.#step(event ?? { type: "commitAsked", call: this.#calls++, worker: "w999", ref });
        return;
      }
      case "abort":
        this.#step({ type: "aborted", message: "interrupted" });
        return;
      case "drain":
        this.#step({ type: "drained", message: "interrupted" });
        return;
      case "restart":
        this.#restart((partition) => how % 5 !== 0 || partition % 2 === 1);
        return;
    }
    const worker = this.#workers[who % Math.max(1, this.#workers.length)];
    if (worker === undefined) return;
    switch (type) {
      case "disconnect":
        this.#disconnect(worker, how % 2 === 0 ? (how % 4) * 10 : undefined);
        break;
      case "reconnect":
        this.#reconnect(worker, how % 2 === 0);
        break;
      case "freeze":
        worker.frozen = true;
        break;
      case "thaw":
        worker.frozen = false;
        break;
      default:
        if (!worker.frozen) this.#act(worker, type, how);
    }
  }

  /**
   * Stops all faults. Returns how many rounds, each of all messages and one piece of work per worker, the job needs to
   * end.
   */
  finish(roundsMax: number): number {
    this.#plan();
    for (const worker of this.#workers) worker.frozen = false;
    for (let round = 1; round <= roundsMax; round++) {
      if (this.#workers.length === 0 && this.ledger.ended === undefined) this.#join();
      for (const worker of [...this.#workers]) {
        this.#act(worker, "spurt", 0);
        this.#act(worker, "heartbeat", 1);
        this.#drain(worker);
      }
      if (this.#workers.length === 0 && this.ledger.ended !== undefined) return round;
      this.#pass(Math.ceil(this.#settings.taskTimeoutMs / 8));
    }
    throw new Error(`after ${roundsMax} rounds without a fault the job is in phase ${this.#state.phase}`);
  }

  #act(worker: Worker, type: string, how: number): void {
    switch (type) {
      case "deliver":
        this.#deliver(worker);
        break;
      case "react":
        this.#react(worker);
        break;
      case "work":
        this.#work(worker, how);
        break;
      case "fail":
        if (how % 5 === 0) this.#finishAttempt(worker, this.#done(worker.current?.ref, 0));
        else this.#finishAttempt(worker, failed(how));
        break;
      case "damage":
        if ((worker.current?.inputs.length ?? 0) > 0 || how % 9 === 0) {
          this.#finishAttempt(worker, damaged(worker.current?.inputs ?? [], how));
        }
        break;
      case "leave":
        if (worker.current?.doing === "may commit") {
          this.#finishAttempt(worker, this.#done(worker.current.ref, how), true);
        }
        break;
      case "fatal":
        this.#finishAttempt(worker, { type: "failed", class: "fatal", message: "boom" });
        break;
      case "heartbeat": {
        const refs = [worker.current?.ref, how % 3 === 0 ? worker.former.at(-1) : undefined].filter(
          (ref) => ref !== undefined,
        );
        const attempts = refs.map((ref) => ({ ref, records: how, bytes: how }));
        this.#call(worker, (call, id) => ({ type: "heartbeat", call, worker: id, attempts, memoryBytes: 0 }));
        break;
      }
      case "repeat":
        this.#repeat(worker, how);
        break;
      case "ask twice":
        this.#ask(worker);
        break;
      case "spurt":
        for (let i = 0; i <= how % 4 && this.#workers.includes(worker); i++) {
          this.#drain(worker);
          this.#work(worker, how);
          this.#drain(worker);
        }
        break;
      default:
        throw new Error(`there is no move ${type}`);
    }
  }

  #join(): void {
    const worker: Worker = {
      ...{ id: "", frozen: false, outbox: [], inbox: [], was: undefined },
      ...{ asking: 0, current: undefined, former: [] },
    };
    this.#workers.push(worker);
    this.#register(worker);
  }

  #register(worker: Worker): void {
    const { was: former } = worker;
    const event: CallEvent = { type: "registered", call: this.#calls++, pid: 1, host: "host", former };
    this.#callers.set(event.call, { worker, call: event });
    worker.outbox.push(event);
  }

  /** Kills the coordinator; another one continues from the journal, and the workers come back to it. */
  #restart(isThere: (partition: number) => boolean): void {
    const { state, effects } = this.restored(isThere);
    this.#state = state;
    this.#planned = state.app !== undefined;
    this.#leftovers.length = 0;
    this.#callers.clear();
    this.#script.push({ now: this.#now, event: { type: "restarted" }, effects });
    this.ledger.restart(this.#journal, false, isThere, effects);
    for (const effect of effects) if (effect.type === "journal") this.#journal.push(effect.record);
    for (const worker of this.#workers) this.#loseConnection(worker);
  }

  /** Cuts the connection; the coordinator notices at once, or only after the worker has come back. */
  #reconnect(worker: Worker, isNoticed: boolean): void {
    const id = this.#idOf(worker);
    this.#loseConnection(worker);
    if (id === "") return;
    if (isNoticed) this.#step({ type: "disconnected", worker: id });
    else this.#leftovers.push({ type: "disconnected", worker: id });
  }

  #loseConnection(worker: Worker): void {
    const id = this.#idOf(worker);
    if (id !== "") worker.was = { worker: id, attempt: worker.current?.ref };
    Object.assign(worker, { id: "", asking: 0 });
    worker.outbox.length = 0;
    worker.inbox.length = 0;
    // No reply arrives through a lost connection.
    for (const [call, caller] of this.#callers) if (caller.worker === worker) this.#callers.delete(call);
    // Pending requests and reports must be sent again.
    if (worker.current !== undefined) worker.current.doing = "running";
    this.#register(worker);
  }

  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    const splits = this.#splitBytes.map((endBytes, i) => [{ file: `f${i}`, path: `/f${i}`, startBytes: 0, endBytes }]);
    const isSampled = this.#settings.partitioner === "range" && this.#settings.reducers > 1;
    const sample = isSampled ? { sample: splits.slice(0, 3) } : {};
    this.#step({
      type: "planned",
      app: { name: "app.js", hash: "0", input: "file", combines: true },
      args: {},
      splits,
      ...sample,
    });
  }

  #pass(ms: number): void {
    this.#now += ms;
    this.#step({ type: "tick" });
  }

  /** The next piece of work of a worker that follows the protocol. */
  #work(worker: Worker, how: number): void {
    if (worker.id === "") return;
    const { current } = worker;
    if (current?.doing === "begun" && (current.ref.kind === "combine" || current.ref.kind === "reduce")) {
      current.doing = "listing";
      this.#call(worker, (call, id) => ({ type: "inputsAsked", call, worker: id, ref: current.ref, from: how % 4 }));
    } else if (current?.doing === "begun" && current.ref.kind === "map" && how % 2 === 0) {
      current.doing = "listing";
      this.#call(worker, (call, id) => ({ type: "boundariesAsked", call, worker: id, from: 0 }));
    } else if (current?.doing === "begun" || current?.doing === "running") {
      current.doing = "asking to commit";
      this.#call(worker, (call, id) => ({ type: "commitAsked", call, worker: id, ref: current.ref }));
    } else if (current?.doing === "may commit") {
      this.#finishAttempt(worker, this.#done(current.ref, how));
    } else if (
      current === undefined &&
      worker.asking === 0 &&
      worker.outbox.length === 0 &&
      worker.inbox.length === 0
    ) {
      this.#ask(worker);
    }
  }

  #finishAttempt(worker: Worker, outcome: AttemptOutcome, leaving = false): void {
    const { current } = worker;
    if (current === undefined || worker.id === "" || !canEnd(current)) return;
    current.doing = "reporting";
    this.#call(worker, (call, id) => ({ type: "attemptEnded", call, worker: id, ref: current.ref, outcome, leaving }));
  }

  #done(ref: AttemptRef | undefined, how: number): AttemptOutcome {
    const partition = ref?.kind === "combine" ? this.#state.combines[ref.task]?.range?.partition : undefined;
    return done(ref, this.#settings.reducers, how, partition);
  }

  /** Sends a late or repeated message about an attempt that is over as far as the worker knows. */
  #repeat(worker: Worker, how: number): void {
    const ref = worker.former[how % Math.max(1, worker.former.length)];
    if (ref === undefined) return;
    const outcome = how % 2 === 0 ? this.#done(ref, how + 1) : failed(how);
    this.#call(worker, (call, id) => {
      if (how % 5 === 0) return { type: "inputsAsked", call, worker: id, ref, from: 0 };
      if (how % 3 === 0) return { type: "commitAsked", call, worker: id, ref };
      return { type: "attemptEnded", call, worker: id, ref, outcome, leaving: false };
    });
  }

  #ask(worker: Worker): void {
    if (worker.id === "") return;
    worker.asking += 1;
    this.#call(worker, (call, id) => ({ type: "taskRequested", call, worker: id }));
  }

  #call(worker: Worker, make: (call: number, id: string) => CallEvent): void {
    if (worker.id === "") return;
    const event = make(this.#calls++, worker.id);
    this.#callers.set(event.call, { worker, call: event });
    worker.outbox.push(event);
  }

  #drain(worker: Worker): void {
    while (worker.outbox.length + worker.inbox.length > 0) {
      this.#deliver(worker);
      this.#react(worker);
    }
  }

  #deliver(worker: Worker): void {
    const event = worker.outbox.shift();
    if (event !== undefined) this.#step(event);
  }

  #react(worker: Worker): void {
    const message = worker.inbox.shift();
    switch (message?.type) {
      case "ping":
        worker.outbox.push({ type: "heard", worker: worker.id });
        break;
      case "cancel":
        this.#giveUp(worker, message.ref);
        break;
      case "shutdown":
        this.#disconnect(worker);
        break;
      case "answer":
        this.#read(worker, message.call, message.result);
        break;
      case undefined:
    }
  }

  #read(worker: Worker, call: CallEvent, result: Reply): void {
    switch (call.type) {
      case "registered":
        worker.id = (result as ResultOf<"Register">).worker;
        worker.was = undefined;
        if (!(result as ResultOf<"Register">).keepsAttempt) this.#forget(worker);
        if (worker.current === undefined) this.#ask(worker);
        break;
      case "inputsAsked":
        if (same(worker.current?.ref, call.ref) && worker.current?.doing === "listing") {
          worker.current.doing = "running";
          const listed = result as ResultOf<"ListInputs">;
          if (listed.type === "page") worker.current.inputs = listed.inputs;
          else this.#finishAttempt(worker, damaged([], 0));
        }
        break;
      case "boundariesAsked":
        if (worker.current?.ref.kind === "map" && worker.current.doing === "listing") worker.current.doing = "running";
        break;
      case "taskRequested":
        worker.asking -= 1;
        this.#begin(worker, result as Assignment);
        break;
      case "commitAsked":
        if (same(worker.current?.ref, call.ref) && worker.current?.doing === "asking to commit") {
          if ((result as ResultOf<"MayCommit">).granted) worker.current.doing = "may commit";
          else {
            worker.current.doing = "running";
            this.#giveUp(worker, call.ref);
          }
        }
        break;
      case "attemptEnded":
        if (same(worker.current?.ref, call.ref)) this.#forget(worker);
        if (call.leaving) this.#disconnect(worker);
        else this.#begin(worker, (result as ResultOf<"NotifyTaskCompletion">).next);
        break;
      case "heartbeat":
        for (const ref of (result as ResultOf<"Heartbeat">).cancel) this.#giveUp(worker, ref);
    }
  }

  #begin(worker: Worker, assignment: Assignment): void {
    if (assignment.type === "exit") this.#disconnect(worker);
    else if (assignment.type !== "wait") {
      this.#forget(worker);
      worker.current = { ref: assignment.ref, doing: "begun", inputs: [] };
    } else if (worker.current === undefined && worker.asking === 0) this.#ask(worker);
  }

  /** Stops an attempt; if its result is in flight, the reply stops it. */
  #giveUp(worker: Worker, ref: AttemptRef): void {
    const { current } = worker;
    if (current === undefined || !same(current.ref, ref) || !canEnd(current)) return;
    this.#forget(worker);
    if (worker.asking === 0) this.#ask(worker);
  }

  #forget(worker: Worker): void {
    if (worker.current !== undefined) worker.former.push(worker.current.ref);
    worker.current = undefined;
  }

  #disconnect(worker: Worker, record?: number): void {
    const index = this.#workers.indexOf(worker);
    if (index === -1) return;
    this.#workers.splice(index, 1);
    const id = this.#idOf(worker);
    this.#leftovers.push(...worker.outbox.filter((event) => event.type !== "registered"));
    worker.outbox.length = 0;
    worker.inbox.length = 0;
    // The coordinator does not know of a worker whose Register is still in flight.
    if (id !== "") this.#step({ type: "disconnected", worker: id, record });
  }

  #step(event: Event): void {
    const entry = { now: this.#now, event, effects: new Array<Effect>() };
    this.#script.push(entry);
    const effects = step(this.#state, event, this.#now);
    entry.effects = effects;
    checkInvariants(this.#state, this.#now);
    this.ledger.take(event, this.#now, effects);
    if (this.ledger.phase !== this.#state.phase)
      throw new Error(`phase ${this.#state.phase}, not ${this.ledger.phase}`);
    for (const effect of effects) this.#route(effect);
  }

  #route(effect: Effect): void {
    if (effect.type === "journal") this.#journal.push(effect.record);
    else if (effect.type === "reply") {
      const caller = this.#callers.get(effect.call);
      this.#callers.delete(effect.call);
      caller?.worker.inbox.push({ type: "answer", call: caller.call, result: effect.result });
    } else if (effect.type === "ping" || effect.type === "cancel" || effect.type === "shutdown") {
      this.#workers.find((worker) => this.#idOf(worker) === effect.worker)?.inbox.push(effect);
    }
  }

  /** The id of a worker, even if it has not read it yet. */
  #idOf(worker: Worker): string {
    if (worker.id !== "") return worker.id;
    const answer = worker.inbox.find((message) => message.type === "answer" && message.call.type === "registered");
    return answer?.type === "answer" ? (answer.result as ResultOf<"Register">).worker : "";
  }
}

/** Whether the attempt may end: not while the worker awaits a reply about it. */
function canEnd({ doing }: Current): boolean {
  return doing === "begun" || doing === "running" || doing === "may commit";
}

function same(a: AttemptRef | undefined, b: AttemptRef): boolean {
  return a?.kind === b.kind && a.task === b.task && a.attempt === b.attempt;
}
