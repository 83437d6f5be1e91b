/**
 * A cluster without processes, which serves one job or several: workers that follow the protocol, delayed messages, and faults. The caller decides what
 * happens next, one move at a time, so that fast-check can choose and shrink it.
 *
 * Each worker has an outbox (sent but not yet received by the coordinator) and an inbox, both in order, as on one
 * connection. So every reply and every cancel may cross with any message of the worker. When the connection is cut, or
 * the coordinator is killed and continues from its journal, the worker comes back with its attempt.
 */
import { type Cluster as State, addJob, createCluster } from "../../src/scheduler/cluster/cluster.js";
import type { Effect, Event, FormerWorker } from "../../src/scheduler/cluster/events.js";
import { checkInvariants } from "../../src/scheduler/cluster/invariants.js";
import { resumeJob } from "../../src/scheduler/cluster/job-ends.js";
import { step } from "../../src/scheduler/cluster/step.js";
import type { JournalRecord } from "../../src/scheduler/job/effects.js";
import { type JobState, outputTasks } from "../../src/scheduler/job/job.js";
import { restore } from "../../src/scheduler/job/restore.js";
import type { Task } from "../../src/scheduler/job/task.js";
import type { JobSettings } from "../../src/model/job.js";
import type { Assignment, ReduceInput } from "../../src/model/assignment.js";
import type { AttemptOutcome, AttemptRef, JobAttemptRef } from "../../src/model/attempt.js";
import type { ResultOf } from "../../src/rpc/protocol.js";
import { damaged, done, failed } from "./cluster-outcomes.js";
import { Ledger, type Resumed } from "./ledger.js";

type Reply = Extract<Effect, { type: "reply" }>["result"];
type CallEvent = Extract<Event, { call: number }>;
type Message =
  | { type: "answer"; call: CallEvent; job: string | undefined; result: Reply }
  | Extract<Effect, { type: "ping" | "cancel" | "shutdown" }>;

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
  readonly former: JobAttemptRef[];
}

interface Current {
  readonly ref: JobAttemptRef;
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

/** A job that a cluster is to run: its settings, and the size of each of its splits. */
export interface JobToRun {
  readonly settings: JobSettings;
  readonly splitBytes: readonly number[];
}

export class Cluster {
  readonly ledger: Ledger;
  #state: State;
  readonly #toRun: readonly JobToRun[];
  readonly #silenceMaxMs: number;
  readonly #workers: Worker[] = [];
  /** Calls that await a reply, with the worker that made each. */
  readonly #callers = new Map<number, { worker: Worker; call: CallEvent }>();
  readonly #leftovers: Event[] = [];
  readonly #journals = new Map<string, JournalRecord[]>();
  readonly #script: { now: number; event: Event | { type: "restarted" }; effects: Effect[] }[] = [];
  #calls = 0;
  #now = 0;

  /** The jobs are in the order in which workers are to serve them. */
  constructor(jobs: readonly JobToRun[]) {
    this.#toRun = jobs;
    // The workers of a cluster are watched in one way, whatever the jobs.
    this.#silenceMaxMs = Math.max(...jobs.map(({ settings }) => settings.taskTimeoutMs));
    this.#state = createCluster(this.#silenceMaxMs);
    for (const { settings } of jobs) {
      addJob(this.#state, settings, undefined, 0);
      this.#journals.set(settings.id, []);
    }
    this.ledger = new Ledger(
      this.#silenceMaxMs,
      jobs.map(({ settings }) => settings),
    );
  }

  get state(): State {
    return this.#state;
  }

  get jobs(): readonly JobState[] {
    return [...this.#state.jobs.values()];
  }

  /** The state that another coordinator would restore now, and its reaction in each job. */
  restored(isThere: (partition: number) => boolean = () => true): { state: State; jobs: Map<string, Resumed> } {
    const state = createCluster(this.#silenceMaxMs);
    const added = this.#toRun.map(({ settings }) => addJob(state, settings, undefined, this.#now));
    const jobs = new Map<string, Resumed>();
    for (const job of added) {
      const { id } = job.settings;
      const found = this.#journals.get(id) ?? [];
      // As if read from a file.
      const records = JSON.parse(JSON.stringify(found)) as JournalRecord[];
      for (const record of records) restore(job, record, this.#now);
      const isKept = (task: Task) => !outputTasks(job).includes(task) || isThere(task.index);
      jobs.set(id, { found: [...found], isThere, effects: resumeJob(state, job, isKept, this.#now) });
    }
    checkInvariants(state, this.#now);
    return { state, jobs };
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
        this.#plan(this.#pick(how));
        return;
      case "pass":
      case "leap":
        this.#pass(Math.ceil((this.#silenceMaxMs * ((how % 8) + 1)) / (type === "leap" ? 2 : 16)));
        return;
      case "calm":
        // Everyone who can sends a sign of life, so that tasks grow old but not their workers.
        for (let i = 0; i <= how % 4; i++) {
          this.#pass(Math.ceil(this.#silenceMaxMs / 3));
          for (const worker of [...this.#workers].filter((worker) => !worker.frozen)) {
            this.#act(worker, "heartbeat", how);
            while (worker.outbox.length > 0) this.#deliver(worker);
          }
        }
        return;
      case "stranger": {
        const event = this.#leftovers.shift();
        const ref: JobAttemptRef = { kind: "map", task: how % 3, attempt: 1, job: this.#pick(how).settings.id };
        this.#step(event ?? { type: "commitAsked", call: this.#calls++, worker: "w999", ref });
        return;
      }
      case "abort":
        this.#step({ type: "aborted", job: this.#pick(how).settings.id, message: "interrupted" });
        return;
      case "drain":
        this.#step({ type: "drained", job: this.#pick(how).settings.id, message: "interrupted" });
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
    for (const job of this.#toRun) this.#plan(job);
    for (const worker of this.#workers) worker.frozen = false;
    for (let round = 1; round <= roundsMax; round++) {
      if (this.#workers.length === 0 && !this.ledger.isOver) this.#join();
      for (const worker of [...this.#workers]) {
        this.#act(worker, "spurt", 0);
        this.#act(worker, "heartbeat", 1);
        this.#drain(worker);
      }
      if (this.#workers.length === 0 && this.ledger.isOver) return round;
      this.#pass(Math.ceil(this.#silenceMaxMs / 8));
    }
    const phases = this.jobs.map(({ phase }) => phase).join(", ");
    throw new Error(`after ${roundsMax} rounds without a fault the jobs are in phase ${phases}`);
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
    const { state, jobs } = this.restored(isThere);
    this.#state = state;
    this.#leftovers.length = 0;
    this.#callers.clear();
    const effects = [...jobs.values()].flatMap((resumed) => resumed.effects);
    this.#script.push({ now: this.#now, event: { type: "restarted" }, effects });
    this.ledger.restart(false, jobs);
    for (const effect of effects) if (effect.type === "journal") this.#journals.get(effect.job)?.push(effect.record);
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

  /** The job that a move concerns. */
  #pick(how: number): JobToRun {
    const job = this.#toRun[how % this.#toRun.length];
    if (job === undefined) throw new Error("a cluster without jobs");
    return job;
  }

  #plan({ settings, splitBytes }: JobToRun): void {
    if (this.#jobOf(settings.id).phase !== "waiting") return;
    const splits = splitBytes.map((endBytes, i) => [{ file: `f${i}`, path: `/f${i}`, startBytes: 0, endBytes }]);
    const isSampled = settings.partitioner === "range" && settings.reducers > 1;
    const sample = isSampled ? { sample: splits.slice(0, 3) } : {};
    this.#step({
      type: "planned",
      job: settings.id,
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
      this.#call(worker, (call, id) => ({
        type: "boundariesAsked",
        call,
        worker: id,
        job: current.ref.job,
        from: 0,
      }));
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

  #done(ref: JobAttemptRef | undefined, how: number): AttemptOutcome {
    if (ref === undefined) return done(ref, 0, how);
    const { combines, settings } = this.#jobOf(ref.job);
    const partition = ref.kind === "combine" ? combines[ref.task]?.range?.partition : undefined;
    return done(ref, settings.reducers, how, partition);
  }

  #jobOf(id: string): JobState {
    const job = this.#state.jobs.get(id);
    if (job === undefined) throw new Error(`there is no job ${id}`);
    return job;
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
        this.#giveUp(worker, { ...message.ref, job: message.job });
        break;
      case "shutdown":
        this.#disconnect(worker);
        break;
      case "answer":
        this.#read(worker, message);
        break;
      case undefined:
    }
  }

  #read(worker: Worker, { call, job, result }: Extract<Message, { type: "answer" }>): void {
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
        this.#begin(worker, result as Assignment, job);
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
        else this.#begin(worker, (result as ResultOf<"NotifyTaskCompletion">).next, job);
        break;
      case "heartbeat":
        for (const ref of (result as ResultOf<"Heartbeat">).cancel) {
          for (const told of call.attempts) if (sameTask(told.ref, ref)) this.#giveUp(worker, told.ref);
        }
    }
  }

  #begin(worker: Worker, assignment: Assignment, job: string | undefined): void {
    if (assignment.type === "exit") this.#disconnect(worker);
    else if (assignment.type !== "wait") {
      this.#forget(worker);
      if (job === undefined) throw new Error(`a task of no job for ${worker.id}`);
      worker.current = { ref: { ...assignment.ref, job }, doing: "begun", inputs: [] };
    } else if (worker.current === undefined && worker.asking === 0) this.#ask(worker);
  }

  /** Stops an attempt; if its result is in flight, the reply stops it. */
  #giveUp(worker: Worker, ref: JobAttemptRef): void {
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
    for (const { phase, settings } of this.jobs) {
      const expected = this.ledger.phase(settings.id);
      if (phase !== expected) throw new Error(`${settings.id} is in phase ${phase}, not ${expected}`);
    }
    for (const effect of effects) this.#route(effect);
  }

  #route(effect: Effect): void {
    if (effect.type === "journal") this.#journals.get(effect.job)?.push(effect.record);
    else if (effect.type === "reply") {
      const caller = this.#callers.get(effect.call);
      this.#callers.delete(effect.call);
      caller?.worker.inbox.push({ type: "answer", call: caller.call, job: effect.job, result: effect.result });
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

function same(a: JobAttemptRef | undefined, b: JobAttemptRef): boolean {
  return a?.job === b.job && sameTask(a, b);
}

function sameTask(a: AttemptRef, b: AttemptRef): boolean {
  return a.kind === b.kind && a.task === b.task && a.attempt === b.attempt;
}
