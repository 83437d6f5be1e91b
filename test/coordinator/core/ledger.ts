/**
 * The tester's own book of what a scheduler has promised, kept from nothing but its events and effects. It shares no code
 * with the scheduler; where the two disagree, one of them is wrong, and `take` throws.
 */
import { isDeepStrictEqual } from "node:util";
import type { Effect, Event, JobSettings } from "../../../src/coordinator/core/model.js";
import type { Assignment, AttemptRef, MapOutput, ResultOf, Split } from "../../../src/rpc/protocol.js";

interface TaskPage {
  readonly ref: Pick<AttemptRef, "kind" | "task">;
  readonly split: Split | undefined;
  begun: number;
  backups: number;
  errors: number;
  crashes: number;
  readonly failedOn: Set<string>;
  readonly lives: Set<Life>;
  /** Outputs of the one attempt that was accepted. */
  accepted: readonly MapOutput[] | undefined;
}

/** An attempt that lives: given out, and neither ended, revoked nor lost. */
interface Life {
  readonly task: TaskPage;
  readonly ref: AttemptRef;
  readonly startedAtMs: number;
  granted: boolean;
}

interface WorkerPage {
  readonly id: string;
  lastHeardMs: number;
  silent: boolean;
  pinged: boolean;
  life: Life | undefined;
  /** Its RequestTask that has no answer yet. */
  asking: number | undefined;
}

type Reply = Extract<Effect, { type: "reply" }>["result"];
type CallEvent = Extract<Event, { call: number }>;

export class Ledger {
  readonly #settings: JobSettings;
  readonly #workers = new Map<string, WorkerPage>();
  /** Calls without an answer. */
  readonly #calls = new Map<number, CallEvent>();
  #maps: readonly TaskPage[] = [];
  #reduces: readonly TaskPage[] = [];
  #planned = false;
  ended: "done" | "failed" | undefined;

  constructor(settings: JobSettings) {
    this.#settings = settings;
  }

  /** Writes down one step of the scheduler. */
  take(event: Event, now: number, effects: readonly Effect[]): void {
    const endedBefore = this.ended;
    if ("call" in event) {
      must(!this.#calls.has(event.call), "the test gave a call twice");
      this.#calls.set(event.call, event);
    }
    const expected = this.#expect(event, now);
    for (const effect of effects) this.#check(effect, event, expected, now);
    const ends = effects.filter((effect) => effect.type === "jobEnded");
    const end =
      endedBefore === undefined && this.ended !== undefined ? [{ type: "jobEnded", outcome: this.ended }] : [];
    must(equal(ends, end), `the job ends as ${show(ends)}, but it ought to as ${show(end)}`);
    this.#checkAfter(effects, endedBefore === undefined && this.ended === "failed", now);
  }

  get phase(): "waiting" | "map" | "reduce" | "done" | "failed" {
    if (this.ended !== undefined) return this.ended;
    if (!this.#planned) return "waiting";
    return this.#maps.every((task) => task.accepted !== undefined) ? "reduce" : "map";
  }

  get unanswered(): readonly CallEvent[] {
    return [...this.#calls.values()];
  }

  /** What the event alone changes, and the answer that it must get, as far as only one is right. */
  #expect(event: Event, now: number): Partial<Reply> | undefined {
    switch (event.type) {
      case "planned":
        if (this.ended === undefined) this.#plan(event.splits);
        return undefined;
      case "registered":
        return undefined;
      case "tick":
        for (const worker of this.#workers.values()) {
          if (now - worker.lastHeardMs < this.#settings.taskTimeoutMs || worker.silent) continue;
          worker.silent = true;
          this.#lose(worker, "crash");
        }
        return undefined;
      case "aborted":
        this.ended ??= "failed";
        return undefined;
    }
    const worker = this.#workers.get(event.worker);
    if (worker === undefined) return undefined;
    if (event.type === "disconnected") {
      this.#lose(worker, "crash");
      this.#workers.delete(worker.id);
      return undefined;
    }
    Object.assign(worker, { lastHeardMs: now, silent: false, pinged: false });
    switch (event.type) {
      case "taskRequested":
        this.#lose(worker, "crash");
        return undefined;
      case "commitAsked": {
        const life = lifeOf(worker, event.ref);
        const rival = [...(life?.task.lives ?? [])].some((other) => other !== life && other.granted);
        const granted = life !== undefined && !rival && this.ended === undefined;
        if (granted) life.granted = true;
        // Who lost against another attempt is free; who asks after the end is still to be told to leave.
        else if (rival && this.ended === undefined) end(worker);
        return { granted };
      }
      case "attemptEnded": {
        const life = lifeOf(worker, event.ref);
        if (life === undefined) return { accepted: false };
        if (event.outcome.type === "failed") {
          this.#lose(worker, event.outcome.class);
          return { accepted: true };
        }
        if (!life.granted) {
          this.#lose(worker, "error");
          return { accepted: false };
        }
        must(life.task.accepted === undefined, `${show(life.ref)} commits a task that was committed before`);
        life.task.accepted = event.outcome.outputs;
        end(worker);
        if (this.#planned && [...this.#maps, ...this.#reduces].every((task) => task.accepted !== undefined)) {
          this.ended ??= "done";
        }
        return { accepted: true };
      }
      case "heartbeat":
        return { cancel: event.attempts.map(({ ref }) => ref).filter((ref) => lifeOf(worker, ref) === undefined) };
      case "heard":
        return undefined;
    }
  }

  #check(effect: Effect, event: Event, expected: Partial<Reply> | undefined, now: number): void {
    switch (effect.type) {
      case "reply": {
        const call = this.#calls.get(effect.call);
        must(call !== undefined, `call ${effect.call} is answered twice, or was never made, or its worker is gone`);
        this.#calls.delete(effect.call);
        if (event === call && expected !== undefined) {
          const answer = { ...effect.result, ...expected };
          must(
            equal(effect.result, answer),
            `${show(event)} is answered ${show(effect.result)}, not ${show(expected)}`,
          );
        }
        // The call of a worker that has gone is answered too, but it must not take a task with it.
        if (event.type === "disconnected" && "worker" in call && call.worker === event.worker) {
          must(equal(effect.result, { type: "wait" }), `${event.worker} has gone and gets ${show(effect.result)}`);
        } else this.#checkReply(call, effect.result, now);
        break;
      }
      case "unknownWorker":
        must("worker" in event && event.worker === effect.worker, "an answer to somebody else");
        must(!this.#workers.has(effect.worker), `${effect.worker} is known`);
        must(this.#calls.delete(effect.call), `call ${effect.call} is answered twice or was never made`);
        break;
      case "ping": {
        const worker = this.#worker(effect.worker);
        must(!worker.pinged && !worker.silent, `${worker.id} is pinged more than once`);
        must(now - worker.lastHeardMs >= this.#settings.taskTimeoutMs / 2, `${worker.id} is pinged too early`);
        worker.pinged = true;
        break;
      }
      case "cancel": {
        const worker = this.#worker(effect.worker);
        const life = lifeOf(worker, effect.ref);
        const needed = life !== undefined && (life.task.accepted !== undefined || this.#givesWay(life, now));
        must(needed, `${show(effect.ref)} is cancelled without need`);
        end(worker);
        break;
      }
      case "shutdown":
        // In a tick the job may fail between two workers that are presumed dead: the second is shut down before.
        must(
          this.#worker(effect.worker).life !== undefined || event.type === "tick",
          `${effect.worker} is shut down though it runs nothing`,
        );
        must(effect.outcome === this.ended, `shut down as ${effect.outcome}`);
        break;
      case "log":
      case "jobEnded":
    }
  }

  #checkReply(call: CallEvent, result: Reply, now: number): void {
    if (call.type === "registered") {
      const { worker } = result as ResultOf<"Register">;
      must(!this.#workers.has(worker), `two workers are called ${worker}`);
      this.#workers.set(worker, {
        id: worker,
        lastHeardMs: now,
        silent: false,
        pinged: false,
        life: undefined,
        asking: undefined,
      });
    } else if (call.type === "taskRequested") {
      const worker = this.#worker(call.worker);
      const superseded = worker.asking === call.call ? false : worker.asking !== undefined;
      if (worker.asking === call.call) worker.asking = undefined;
      must(superseded || (result as Assignment).type !== "wait" || this.#asksAgain(call), "told to wait for no reason");
      this.#checkAssignment(worker, result as Assignment, now);
    } else if (call.type === "attemptEnded") {
      const worker = this.#worker(call.worker);
      const { next } = result as ResultOf<"NotifyTaskCompletion">;
      if (next.type !== "wait")
        must(worker.asking === undefined, `${worker.id} gets a task while its RequestTask waits`);
      else if (worker.asking === undefined && worker.life === undefined) this.#checkNothingFor(worker, now);
      this.#checkAssignment(worker, next, now);
    }
  }

  /** Whether this RequestTask is answered because the same worker has just made another one. */
  #asksAgain(call: Extract<Event, { type: "taskRequested" }>): boolean {
    return this.unanswered.some((other) => other.type === "taskRequested" && other.worker === call.worker);
  }

  #checkAssignment(worker: WorkerPage, assignment: Assignment, now: number): void {
    if (assignment.type === "wait") return;
    if (assignment.type === "exit") {
      must(assignment.outcome === this.ended, `told to leave as ${assignment.outcome}`);
      return;
    }
    const { ref } = assignment;
    must(this.ended === undefined, "work after the end of the job");
    must(!worker.silent, `${worker.id} is silent and gets ${show(ref)}`);
    must(worker.life === undefined, `${worker.id} gets ${show(ref)} while it runs ${show(worker.life?.ref)}`);
    must(ref.kind === this.phase, `${show(ref)} in the phase ${this.phase}`);
    must(ref.kind === assignment.type, `${show(ref)} as ${assignment.type}`);
    const task = (ref.kind === "map" ? this.#maps : this.#reduces)[ref.task];
    must(task?.accepted === undefined, `${show(ref)} is given out although its task is complete`);
    must(task !== undefined, `there is no ${show(ref)}`);
    must(ref.attempt > task.begun, `attempt number ${show(ref)} is given twice`);
    if (assignment.type === "map") must(equal(assignment.split, task.split), `${show(ref)} has a foreign split`);
    else must(equal(assignment.inputs, this.#inputsOf(ref.task)), `${show(ref)} reads ${show(assignment.inputs)}`);
    if (task.lives.size > 0) this.#checkBackup(task, now);
    else this.#checkOrder(worker, task);
    task.begun = ref.attempt;
    worker.life = { task, ref, startedAtMs: now, granted: false };
    task.lives.add(worker.life);
  }

  #checkBackup(task: TaskPage, now: number): void {
    must(
      this.#unstarted().length === 0,
      `a backup of ${show(task.ref)} while ${show(this.#unstarted()[0]?.ref)} waits`,
    );
    must(this.#needsBackup(task, now), `a backup of ${show(task.ref)} is given too early or beside too many`);
    task.backups += 1;
  }

  /**
   * Tasks go where they have not failed, as long as there is such a worker, and larger splits before smaller ones.
   */
  #checkOrder(worker: WorkerPage, task: TaskPage): void {
    const others = this.#unstarted().filter((other) => other !== task);
    const failedEverywhere = [...this.#workers.keys()].every((id) => task.failedOn.has(id));
    if (task.failedOn.has(worker.id) && !failedEverywhere) {
      must(
        others.every((other) => other.failedOn.has(worker.id)),
        `${show(task.ref)} goes to ${worker.id} where it failed, though there is other work`,
      );
    }
    if (task.begun > 0) return;
    const larger = others.find((other) => other.begun === 0 && sizeOf(other) > sizeOf(task));
    must(larger === undefined, `${show(task.ref)} is given out before the larger ${show(larger?.ref)}`);
  }

  #checkAfter(effects: readonly Effect[], failedNow: boolean, now: number): void {
    for (const call of this.#calls.values()) {
      must(call.type === "taskRequested", `${show(call)} is not answered at once`);
      const worker = this.#worker(call.worker);
      worker.asking = call.call;
      must(worker.life === undefined, `${worker.id} has a task, and another RequestTask of it waits`);
      must(this.ended === undefined, `${worker.id} waits after the end of the job`);
      if (!worker.silent) this.#checkNothingFor(worker, now);
    }
    const waiting = [...this.#calls.values()].map((call) => (call as Extract<Event, { worker: string }>).worker);
    must(new Set(waiting).size === waiting.length, "two RequestTask calls of one worker wait");
    for (const task of [...this.#maps, ...this.#reduces]) {
      const lives = [...task.lives];
      must(lives.length <= 2, `${show(task.ref)} runs ${lives.length} times at once`);
      must(lives.filter((life) => life.granted).length <= 1, `${show(task.ref)} may be committed twice`);
      must(lives.length === 0 || task.accepted === undefined, `${show(task.ref)} is complete, another attempt goes on`);
    }
    for (const worker of this.#workers.values()) {
      const told = effects.some((effect) => effect.type === "shutdown" && effect.worker === worker.id);
      must(!failedNow || worker.life === undefined || told, `${worker.id} works on, as nobody told it of the end`);
    }
  }

  #checkNothingFor(worker: WorkerPage, now: number): void {
    if (this.phase !== "map" && this.phase !== "reduce") return;
    must(this.#unstarted().length === 0, `${worker.id} waits while ${show(this.#unstarted()[0]?.ref)} does`);
    const slow = this.#tasks().find((task) => this.#needsBackup(task, now));
    must(slow === undefined, `${worker.id} waits while ${show(slow?.ref)} is slow`);
  }

  /** Of two attempts that are both slow, the older one makes place for a third, when there is nothing else to do. */
  #givesWay({ task, startedAtMs }: Life, now: number): boolean {
    const isOlder = [...task.lives].every((other) => startedAtMs <= other.startedAtMs);
    return isOlder && task.lives.size === 2 && this.#needsBackup(task, now) && this.#unstarted().length === 0;
  }

  #needsBackup(task: TaskPage, now: number): boolean {
    const lives = [...task.lives];
    if (lives.length === 0 || lives.some((life) => life.granted)) return false;
    const latestMs = Math.max(...lives.map((life) => life.startedAtMs));
    return now - latestMs >= this.#settings.taskTimeoutMs * 2 ** task.backups;
  }

  #lose(worker: WorkerPage, errorClass: "error" | "crash" | "fatal"): void {
    const life = end(worker);
    if (life === undefined) return;
    const { task } = life;
    task.failedOn.add(worker.id);
    if (errorClass === "crash") task.crashes += 1;
    else task.errors += 1;
    const { maxAttempts, maxCrashes } = this.#settings;
    if (errorClass === "fatal" || task.errors >= maxAttempts || task.crashes >= maxCrashes) this.ended ??= "failed";
  }

  #plan(splits: readonly Split[]): void {
    const page = (kind: "map" | "reduce", task: number, split?: Split): TaskPage => ({
      ref: { kind, task },
      split,
      begun: 0,
      backups: 0,
      errors: 0,
      crashes: 0,
      failedOn: new Set(),
      lives: new Set(),
      accepted: undefined,
    });
    this.#maps = splits.map((split, task) => page("map", task, split));
    this.#reduces = Array.from({ length: this.#settings.reducers }, (_, task) => page("reduce", task));
    this.#planned = true;
  }

  #tasks(): readonly TaskPage[] {
    return this.phase === "map" ? this.#maps : this.phase === "reduce" ? this.#reduces : [];
  }

  #unstarted(): TaskPage[] {
    return this.#tasks().filter((task) => task.accepted === undefined && task.lives.size === 0);
  }

  #inputsOf(reduce: number): unknown[] {
    return this.#maps.flatMap(({ accepted }) =>
      (accepted ?? [])
        .filter(({ partition }) => partition === reduce)
        .map(({ location, bytes, checksum }) => ({ location, bytes, checksum })),
    );
  }

  #worker(id: string): WorkerPage {
    const worker = this.#workers.get(id);
    must(worker !== undefined, `something for ${id}, which is not there`);
    return worker;
  }
}

function lifeOf(worker: WorkerPage, ref: AttemptRef): Life | undefined {
  const own = worker.life?.ref;
  return own?.kind === ref.kind && own.task === ref.task && own.attempt === ref.attempt ? worker.life : undefined;
}

/** The worker's attempt lives no longer. */
function end(worker: WorkerPage): Life | undefined {
  const { life } = worker;
  life?.task.lives.delete(life);
  worker.life = undefined;
  return life;
}

function sizeOf({ split }: TaskPage): number {
  return split === undefined ? 0 : split.endBytes - split.startBytes;
}

function equal(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}

function show(value: unknown): string {
  return JSON.stringify(value);
}

function must(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`the ledger says: ${message}`);
}
