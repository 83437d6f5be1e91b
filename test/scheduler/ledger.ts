/**
 * The tester's own record of a scheduler's promises to its jobs, kept only from its events and effects. It shares no code with the
 * scheduler; if the two disagree, one is wrong, and `take` throws.
 */
import type { Effect, Event } from "../../src/scheduler/cluster/events.js";
import type { JournalRecord } from "../../src/scheduler/job/effects.js";
import type { JobSettings, JobOutcome } from "../../src/model/job.js";
import type { Assignment, ReduceInput } from "../../src/model/assignment.js";
import type { AttemptOutcome, AttemptRef, JobAttemptRef } from "../../src/model/attempt.js";
import type { ResultOf } from "../../src/rpc/protocol.js";
import { LedgerJob } from "./ledger-job.js";
import { LedgerJournal } from "./ledger-journal.js";
import {
  type Loss,
  type TaskPage,
  type WorkerPage,
  crashesOf,
  end,
  equal,
  lifeOf,
  must,
  readsMapFiles,
  show,
  sizeOf,
} from "./ledger-pages.js";

type Reply = Extract<Effect, { type: "reply" }>["result"];
type CallEvent = Extract<Event, { call: number }>;
type EventOf<Type extends Event["type"]> = Extract<Event, { type: Type }>;

/** The state of a job as the ledger expects it. */
interface Book {
  readonly settings: JobSettings;
  readonly journal: LedgerJournal;
  job: LedgerJob;
  /** The boundaries that workers were told: they must never change, not even with another coordinator. */
  boundaries: readonly string[] | undefined;
}

/** A job that another coordinator continues: the records that it has found, and its reaction. */
export interface Resumed {
  readonly found: readonly JournalRecord[];
  readonly isThere: (partition: number) => boolean;
  readonly effects: readonly Effect[];
}

export class Ledger {
  readonly #silenceMaxMs: number;
  readonly #books = new Map<string, Book>();
  /** The jobs of former coordinators: after a crash of the machine, the journal of a job that was given up may be back. */
  readonly #past: ReadonlyMap<string, Book> = new Map();
  readonly #workers = new Map<string, WorkerPage>();
  /** Ids that must not be assigned again. */
  readonly #ids = new Set<string>();
  /** Unanswered calls. */
  readonly #calls = new Map<number, CallEvent>();
  /** The outcomes of the jobs that ended last, in one step. Workers are told one of them when they have to leave. */
  #lastOutcomes: readonly JobOutcome[] = [];

  /**
   * The jobs are in the order in which workers are to serve them. The ledger of a former coordinator still knows what it
   * wrote and told in those that go on.
   */
  constructor(silenceMaxMs: number, jobs: readonly JobSettings[], former?: Ledger) {
    this.#silenceMaxMs = silenceMaxMs;
    if (former !== undefined) this.#past = new Map([...former.#past, ...former.#books]);
    for (const settings of jobs) {
      const known = this.#past.get(settings.id);
      const journal = known?.journal ?? new LedgerJournal();
      const job = new LedgerJob(settings, journal);
      this.#books.set(settings.id, { settings, journal, job, boundaries: known?.boundaries });
    }
  }

  /** How each job has ended. */
  get outcomes(): readonly (JobOutcome | undefined)[] {
    return this.#all.map(({ job }) => job.ended);
  }

  /** Whether all jobs have ended. */
  get isOver(): boolean {
    return this.outcomes.every((outcome) => outcome !== undefined);
  }

  phase(job: string): LedgerJob["phase"] {
    return this.#book(job).job.phase;
  }

  get #all(): readonly Book[] {
    return [...this.#books.values()];
  }

  /** The jobs that assign tasks. */
  get #active(): readonly Book[] {
    return this.#all.filter(({ job }) => job.ended === undefined && !job.draining);
  }

  /** Unanswered calls. */
  get unanswered(): readonly CallEvent[] {
    return [...this.#calls.values()];
  }

  /** Records one step of the scheduler, which died after `carriedOut` effects if that is not all. */
  take(event: Event, now: number, effects: readonly Effect[], carriedOut = effects.length): void {
    const running = this.#all.filter(({ job }) => job.ended === undefined);
    if ("call" in event) {
      must(!this.#calls.has(event.call), () => "the test gave a call twice");
      this.#calls.set(event.call, event);
    }
    const expected = this.#expect(event, now);
    for (const { job } of this.#all) job.goOn();
    const ended = running.filter(({ job }) => job.ended !== undefined);
    if (ended.length > 0) this.#lastOutcomes = ended.flatMap(({ job }) => job.ended ?? []);
    for (const [index, effect] of effects.entries()) {
      const about = "job" in effect && effect.job !== undefined ? [this.#book(effect.job)] : this.#all;
      for (const { journal } of about) journal.take(effect, index < carriedOut);
      this.#check(effect, event, expected, now);
    }
    for (const { settings, job, journal } of this.#all) {
      journal.checkEnd();
      const ends = effects.flatMap((effect) =>
        effect.type === "jobEnded" && effect.job === settings.id ? [effect.outcome] : [],
      );
      const due = ended.some((book) => book.job === job) ? [job.ended] : [];
      must(equal(ends, due), () => `${settings.id} ends as ${show(ends)}, but it ought to as ${show(due)}`);
    }
    this.#checkAfter(effects, now);
  }

  /**
   * The coordinator was killed, and another one continues each job from the records that were found: with the committed
   * tasks, but without workers, calls and error counts.
   */
  restart(machineCrashed: boolean, jobs: ReadonlyMap<string, Resumed>): void {
    for (const page of [this.#workers, this.#ids, this.#calls]) page.clear();
    for (const [id, resumed] of jobs) this.#restartJob(this.#book(id), machineCrashed, resumed);
  }

  #restartJob(book: Book, machineCrashed: boolean, { found, isThere, effects }: Resumed): void {
    const { settings, journal } = book;
    journal.restart(found, machineCrashed);
    const job = new LedgerJob(settings, journal);
    book.job = job;
    for (const record of found) {
      job.remember(record);
      if (record.type === "began") this.#ids.add(record.worker);
    }
    // Samples may be lost in a crash of the machine; otherwise `LedgerJournal` would have reported them.
    if (!job.samplesAreDone()) book.boundaries = undefined;
    job.loseOutputs(isThere);
    job.goOn();
    for (const effect of effects) {
      const plans = effect.type === "journal" && effect.record.type === "combinesPlanned";
      must(!plans, () => "combine tasks are planned when no worker is there");
      journal.take(effect, true);
    }
    journal.checkEnd();
    if (job.ended !== undefined) this.#lastOutcomes = [job.ended];
    const due = job.ended === undefined ? [] : [{ type: "jobEnded", job: settings.id, outcome: job.ended }];
    const done = effects.filter(({ type }) => type !== "log" && type !== "journal");
    must(equal(done, due), () => `the job is taken up with ${show(done)}, not ${show(due)}`);
  }

  /** The changes caused by the event alone, and the reply that it must get, if only one is correct. */
  #expect(event: Event, now: number): Partial<Reply> | undefined {
    switch (event.type) {
      case "planned": {
        const { job: id, ...record } = event;
        const { job, journal } = this.#book(id);
        if (job.ended !== undefined) return undefined;
        job.plan(event);
        journal.expect(record);
        return undefined;
      }
      case "appChanged":
        throw new Error("no simulated worker changes its app");
      case "registered":
        return { keepsAttempt: this.#mayKeep(event) !== undefined };
      case "tick":
        for (const worker of this.#workers.values()) {
          if (now - worker.lastHeardMs < this.#silenceMaxMs || worker.silent) continue;
          worker.silent = true;
          this.#lose(worker, { class: "crash" }, now);
        }
        return undefined;
      case "drained":
        this.#book(event.job).job.draining = true;
        return undefined;
      case "aborted":
        this.#book(event.job).job.abort();
        return undefined;
      default:
        return this.#expectOfWorker(event, now);
    }
  }

  #expectOfWorker(event: Extract<Event, { worker: string }>, now: number): Partial<Reply> | undefined {
    const worker = this.#workers.get(event.worker);
    if (worker === undefined) return undefined;
    if (event.type === "disconnected") {
      this.#lose(worker, { class: "crash", record: event.record }, now);
      this.#workers.delete(worker.id);
      return undefined;
    }
    Object.assign(worker, { lastHeardMs: now, silent: false, pinged: false });
    switch (event.type) {
      case "taskRequested":
        this.#lose(worker, { class: "crash" }, now);
        return undefined;
      case "boundariesAsked":
        return this.#expectBoundaries(this.#book(event.job));
      case "startsAsked":
        return {};
      case "inputsAsked":
        return this.#expectInputs(worker, event);
      case "commitAsked": {
        const life = lifeOf(worker, event.ref);
        const rival = [...(life?.task.lives ?? [])].some((other) => other !== life && other.granted);
        const goesOn = this.#book(event.ref.job).job.ended === undefined;
        const granted = life !== undefined && !rival && goesOn;
        if (granted) life.granted = true;
        // An attempt that lost to another one is over; a worker that asks after the end is still told to leave.
        else if (rival && goesOn) end(worker);
        return { granted };
      }
      case "attemptEnded":
        return { accepted: this.#expectEnd(worker, event, now) };
      case "heartbeat":
        for (const { ref, records, bytes } of event.attempts) {
          const life = lifeOf(worker, ref);
          if (life === undefined || (life.progress.records === records && life.progress.bytes === bytes)) continue;
          life.progress = { records, bytes, sinceMs: now };
        }
        return { cancel: event.attempts.flatMap(({ ref }) => (lifeOf(worker, ref) === undefined ? [plain(ref)] : [])) };
      case "heard":
        return undefined;
    }
  }

  #expectBoundaries({ job, boundaries }: Book): Partial<Reply> {
    // Before the boundaries are known, no worker needs them.
    return job.samplesAreDone() && boundaries !== undefined ? { boundaries: [...boundaries] } : {};
  }

  /** The files of the accepted attempts, if all exist and are the same as when the attempt began. */
  #expectInputs(worker: WorkerPage, { ref, from }: EventOf<"inputsAsked">): ResultOf<"ListInputs"> {
    const life = lifeOf(worker, ref);
    const { job } = this.#book(ref.job);
    if (life === undefined || !readsMapFiles(life.task) || !job.mapsAreDone()) return { type: "stale" };
    if (life.mapsLostBefore !== job.mapsLost) return { type: "stale" };
    const { maps } = job;
    const whole = { partition: ref.task, fromMap: 0, toMap: maps.length };
    const { partition, fromMap, toMap } = life.task.range ?? whole;
    const fileOf = (number: number, { accepted }: TaskPage): ReduceInput[] =>
      (accepted?.outputs ?? [])
        .filter(([of]) => of === partition)
        .map(([, bytes, checksum]) => [number, accepted?.attempt ?? 0, bytes, checksum]);
    // In place of the files of the maps that a combine task has merged, a reduce gets the file of that task.
    const merged = ref.kind === "reduce" ? job.combinesOf(partition).filter(hasFile) : [];
    const first = Math.max(from, fromMap);
    const inputs = maps.slice(first, Math.max(first, toMap)).flatMap((map) => {
      const { task } = map.ref;
      const combine = merged.find(({ range }) => {
        return range !== undefined && first <= range.fromMap && range.fromMap <= task && task < range.toMap;
      });
      if (combine === undefined) return fileOf(task, map);
      return combine.range?.fromMap === task ? fileOf(maps.length + combine.ref.task, combine) : [];
    });
    return { type: "page", inputs };
  }

  /** Whether the end of an attempt is accepted, and what it changes. */
  #expectEnd(worker: WorkerPage, { ref, outcome }: EventOf<"attemptEnded">, now: number): boolean {
    const life = lifeOf(worker, ref);
    if (life === undefined) return false;
    if (outcome.type === "failed") {
      this.#lose(worker, outcome, now);
      return true;
    }
    if (!life.granted) {
      this.#lose(worker, { class: "error" }, now);
      return false;
    }
    const { task } = life;
    must(task.accepted === undefined, () => `${show(ref)} commits a task that was committed before`);
    task.accepted = { attempt: ref.attempt, outputs: outcome.outputs, sampled: outcome.sampled };
    const { job, journal } = this.#book(ref.job);
    journal.expect({ type: "committed", ref: plain(ref), ...journaled(outcome) });
    const { recordsIn: records, bytesIn: bytes } = outcome;
    job.finished.push({ kind: ref.kind, tookMs: now - life.startedAtMs, records, bytes });
    end(worker);
    return true;
  }

  #check(effect: Effect, event: Event, expected: Partial<Reply> | undefined, now: number): void {
    switch (effect.type) {
      case "reply": {
        const call = this.#calls.get(effect.call);
        must(call !== undefined, () => `call ${effect.call} is answered twice, was never made, or its worker is gone`);
        this.#calls.delete(effect.call);
        if (event === call && expected !== undefined) {
          const said = () => `${show(event)} is answered ${show(effect.result)}, not ${show(expected)}`;
          must(saysAll(effect.result, expected), said);
        }
        // The call of a departed worker is answered, too, but must not take a task with it.
        if (event.type === "disconnected" && "worker" in call && call.worker === event.worker) {
          must(equal(effect.result, { type: "wait" }), () => `${event.worker} is gone and gets ${show(effect.result)}`);
        } else this.#checkReply(call, effect, now);
        break;
      }
      case "unknownWorker":
        must("worker" in event && event.worker === effect.worker, () => "an answer to somebody else");
        must(!this.#workers.has(effect.worker), () => `${effect.worker} is known`);
        must(this.#calls.delete(effect.call), () => `call ${effect.call} is answered twice or was never made`);
        break;
      case "ping": {
        const worker = this.#worker(effect.worker);
        must(!worker.pinged && !worker.silent, () => `${worker.id} is pinged more than once`);
        must(now - worker.lastHeardMs >= this.#silenceMaxMs / 2, () => `${worker.id} is pinged too early`);
        worker.pinged = true;
        break;
      }
      case "cancel": {
        const worker = this.#worker(effect.worker);
        const life = lifeOf(worker, { ...effect.ref, job: effect.job });
        const { job } = this.#book(effect.job);
        const isReplaced = life !== undefined && (life.task.accepted !== undefined || job.givesWay(life, now));
        // In one tick, a job may fail between two of its workers that are presumed dead, and then the other job.
        const mayBe = event.type === "tick" || (life !== undefined && !this.isOver);
        const isRecalled = mayBe && job.ended !== undefined;
        const needed = isReplaced || isRecalled;
        must(needed, () => `${show(effect.ref)} is cancelled without need`);
        end(worker);
        break;
      }
      case "shutdown": {
        const { life } = this.#worker(effect.worker);
        // In one tick, the job may fail between two workers that are presumed dead: the second is shut down first.
        must(life !== undefined || event.type === "tick", () => `${effect.worker} is shut down though it runs nothing`);
        must(this.isOver, () => `${effect.worker} is shut down while there are jobs`);
        must(this.#lastOutcomes.includes(effect.outcome), () => `shut down as ${effect.outcome}`);
        break;
      }
      case "journal": {
        const { record } = effect;
        const alive = [...this.#workers.values()].filter(({ silent }) => !silent).length;
        if (record.type === "combinesPlanned") this.#book(effect.job).job.planCombines(record.ranges, alive);
        break;
      }
      case "log":
      case "jobEnded":
    }
  }

  #checkReply(call: CallEvent, { result, job }: Extract<Effect, { type: "reply" }>, now: number): void {
    if (call.type === "registered") this.#checkRegistered(call, result as ResultOf<"Register">, now);
    else if (call.type === "boundariesAsked")
      this.#checkBoundaries(call.job, (result as ResultOf<"ListBoundaries">).boundaries);
    else if (call.type === "taskRequested") {
      const worker = this.#worker(call.worker);
      const superseded = worker.asking === call.call ? false : worker.asking !== undefined;
      if (worker.asking === call.call) worker.asking = undefined;
      const told = superseded || (result as Assignment).type !== "wait" || this.#asksAgain(call);
      must(told, () => "told to wait for no reason");
      this.#checkAssignment(worker, result as Assignment, job, now);
    } else if (call.type === "attemptEnded") {
      const worker = this.#worker(call.worker);
      const { next } = result as ResultOf<"NotifyTaskCompletion">;
      if (call.leaving) must(next.type === "wait", () => `${worker.id} leaves and gets ${show(next)}`);
      else if (next.type !== "wait")
        must(worker.asking === undefined, () => `${worker.id} gets a task while its RequestTask waits`);
      else if (worker.asking === undefined && worker.life === undefined) this.#checkNothingFor(worker, now);
      this.#checkAssignment(worker, next, job, now);
    }
  }

  #checkRegistered(call: EventOf<"registered">, { worker: id, keepsAttempt }: ResultOf<"Register">, now: number): void {
    must(!this.#ids.has(id), () => `two workers are called ${id}`);
    this.#ids.add(id);
    const worker = { id, lastHeardMs: now, silent: false, pinged: false, life: undefined, asking: undefined };
    this.#workers.set(id, worker);
    const task = this.#mayKeep(call);
    const ref = call.former?.attempt;
    if (ref === undefined) return;
    const asked = this.#book(ref.job).job.task(ref);
    if (asked?.orphans.get(ref.attempt) === call.former?.worker) asked?.orphans.delete(ref.attempt);
    if (!keepsAttempt || task === undefined) return;
    // It began before its coordinator died, and was told to skip what was known then.
    this.#begin(worker, this.#book(ref.job), task, plain(ref), [], now);
  }

  #checkBoundaries(id: string, told: readonly string[]): void {
    const book = this.#book(id);
    const { job, settings } = book;
    if (!job.samplesAreDone()) return;
    const keys = new Set(job.samples.flatMap(({ accepted }) => accepted?.sampled ?? []));
    const points = told.map((key) => key.codePointAt(0) ?? 0);
    const isAscending = points.every((point, index) => index === 0 || point > (points[index - 1] ?? point));
    must(isAscending, () => `the boundaries ${show(told)} are not in order`);
    must(told.length < Math.max(1, settings.reducers), () => `there are ${told.length} boundaries`);
    must(
      told.every((key) => keys.has(key)),
      () => `a boundary of ${show(told)} is no key of a sample`,
    );
    book.boundaries = told;
  }

  /** Whether this RequestTask is answered because the same worker has just made another one. */
  #asksAgain(call: EventOf<"taskRequested">): boolean {
    return this.unanswered.some((other) => other.type === "taskRequested" && other.worker === call.worker);
  }

  #checkAssignment(worker: WorkerPage, assignment: Assignment, of: string | undefined, now: number): void {
    if (assignment.type === "wait") return;
    if (assignment.type === "exit") {
      must(this.isOver, () => `${worker.id} is told to leave while there are jobs`);
      must(this.#lastOutcomes.includes(assignment.outcome), () => `told to leave as ${assignment.outcome}`);
      return;
    }
    const { ref } = assignment;
    must(of !== undefined, () => `${show(ref)} is a task of no job`);
    const book = this.#book(of);
    const { job, settings } = book;
    must(job.ended === undefined, () => "work after the end of the job");
    must(!job.draining, () => "new work while the job drains");
    must(!worker.silent, () => `${worker.id} is silent and gets ${show(ref)}`);
    must(worker.life === undefined, () => `${worker.id} gets ${show(ref)} while it runs ${show(worker.life?.ref)}`);
    must(ref.kind === "sample" || job.samplesAreDone(), () => `${show(ref)} before the samples are taken`);
    must(ref.kind === assignment.type, () => `${show(ref)} as ${assignment.type}`);
    const task = job.task(ref);
    must(task !== undefined, () => `there is no ${show(ref)}`);
    must(!readsMapFiles(task) || job.mapsAreDone(), () => `${show(ref)} before the maps are done`);
    must(!job.awaitsCombines(task), () => `${show(ref)} before the combines of its partition are done`);
    if (assignment.type === "combine") {
      const { partition, file } = assignment;
      const own = [task.range?.partition, job.maps.length + ref.task];
      must(equal([partition, file], own), () => `${show(ref)} is to write file ${file} of partition ${partition}`);
    }
    must(task.accepted === undefined, () => `${show(ref)} is given out although its task is complete`);
    must(ref.attempt > task.begun, () => `attempt number ${show(ref)} is given twice`);
    if (assignment.type === "map") {
      must(equal(assignment.splits, task.splits), () => `${show(ref)} has foreign splits`);
      must(equal(assignment.skip, [...task.skip]), () => `${show(ref)} leaves out ${show(assignment.skip)}`);
      const marks = settings.badRecordsMax > 0 && crashesOf(task) > 0;
      must(assignment.marksRecords === marks, () => `${show(ref)} marks records: ${assignment.marksRecords}`);
    }
    if (task.lives.size > 0) this.#checkBackup(job, task, now);
    else this.#checkOrder(worker, book, task, now);
    task.begun = ref.attempt;
    this.#begin(worker, book, task, ref, [...task.skip], now);
  }

  #begin(
    worker: WorkerPage,
    { settings, job, journal }: Book,
    task: TaskPage,
    ref: AttemptRef,
    skipped: readonly number[],
    now: number,
  ): void {
    journal.give(ref, worker.id);
    const skip = new Set(skipped);
    const progress = { records: 0, bytes: 0, sinceMs: now };
    const { mapsLost: mapsLostBefore } = job;
    const life = { job: settings.id, task, ref, startedAtMs: now, mapsLostBefore, skip, granted: false, progress };
    worker.life = life;
    task.lives.add(worker.life);
  }

  /**
   * The task whose attempt this worker may continue: it held it when the coordinator died, and the task still needs it.
   */
  #mayKeep({ former }: EventOf<"registered">): TaskPage | undefined {
    if (former?.attempt === undefined) return undefined;
    const { worker, attempt } = former;
    const { job } = this.#book(attempt.job);
    const task = job.ended === undefined ? job.task(attempt) : undefined;
    const isOwn = task?.orphans.get(attempt.attempt) === worker;
    const isNeeded = isOwn && task.accepted === undefined && task.lives.size < 2;
    return isNeeded && !job.awaitsCombines(task) ? task : undefined;
  }

  #checkBackup(job: LedgerJob, task: TaskPage, now: number): void {
    const waits = this.#active.flatMap((book) => book.job.unstarted(now))[0];
    must(waits === undefined, () => `a backup of ${show(task.ref)} while ${show(waits?.ref)} waits`);
    must(job.needsBackup(task, now), () => `a backup of ${show(task.ref)} is given too early or beside too many`);
    task.backups += 1;
  }

  /**
   * The first job that has a task comes first. Tasks go to workers on which they have not failed, if there are any, and
   * larger splits go first.
   */
  #checkOrder(worker: WorkerPage, { settings, job }: Book, task: TaskPage, now: number): void {
    const first = this.#active.find((book) => book.job === job || book.job.unstarted(now).length > 0);
    must(
      first?.job === job,
      () => `${settings.id} gets ${worker.id} before ${first?.settings.id}, which has a task too`,
    );
    must(!job.isPutOff(task, now), () => `${show(task.ref)} is given out before its time`);
    const others = job.unstarted(now).filter((other) => other !== task);
    const failedEverywhere = [...this.#workers.keys()].every((id) => task.failedOn.has(id));
    if (task.failedOn.has(worker.id) && !failedEverywhere) {
      must(
        others.every((other) => other.failedOn.has(worker.id)),
        () => `${show(task.ref)} goes to ${worker.id} where it failed, though there is other work`,
      );
    }
    if (task.begun > 0) return;
    const larger = others.find((other) => other.begun === 0 && sizeOf(other) > sizeOf(task));
    must(larger === undefined, () => `${show(task.ref)} is given out before the larger ${show(larger?.ref)}`);
  }

  #checkAfter(effects: readonly Effect[], now: number): void {
    for (const call of this.#calls.values()) {
      must(call.type === "taskRequested", () => `${show(call)} is not answered at once`);
      const worker = this.#worker(call.worker);
      worker.asking = call.call;
      must(worker.life === undefined, () => `${worker.id} has a task, and another RequestTask of it waits`);
      must(!this.isOver, () => `${worker.id} waits after the end of the jobs`);
      if (!worker.silent) this.#checkNothingFor(worker, now);
    }
    const waiting = [...this.#calls.values()].map((call) => (call as EventOf<"taskRequested">).worker);
    must(new Set(waiting).size === waiting.length, () => "two RequestTask calls of one worker wait");
    for (const { ref, lives: living, accepted } of this.#all.flatMap(({ job }) => job.tasks())) {
      if (living.size === 0) continue;
      const lives = [...living];
      must(lives.length <= 2, () => `${show(ref)} runs ${lives.length} times at once`);
      must(lives.filter((life) => life.granted).length <= 1, () => `${show(ref)} may be committed twice`);
      must(accepted === undefined, () => `${show(ref)} is complete, another attempt goes on`);
    }
    const endedNow = effects.flatMap((effect) => (effect.type === "jobEnded" ? [effect.job] : []));
    for (const { id, life } of this.#workers.values()) {
      if (life === undefined || !endedNow.includes(life.job)) continue;
      const told = effects.some((effect) => effect.type === "shutdown" && effect.worker === id);
      must(told, () => `${id} works on, as nobody told it of the end`);
    }
  }

  #checkNothingFor(worker: WorkerPage, now: number): void {
    for (const { job } of this.#active) {
      const unstarted = job.unstarted(now)[0];
      must(unstarted === undefined, () => `${worker.id} waits while ${show(unstarted?.ref)} does`);
      const slow = job.tasks().find((task) => job.needsBackup(task, now));
      must(slow === undefined, () => `${worker.id} waits while ${show(slow?.ref)} is slow`);
    }
  }

  /** The attempt of this worker is lost, which may have consequences for its job. */
  #lose(worker: WorkerPage, loss: Loss, now: number): void {
    if (worker.life !== undefined) this.#book(worker.life.job).job.lose(worker, loss, now);
  }

  #book(id: string): Book {
    const book = this.#books.get(id);
    must(book !== undefined, () => `there is no job ${id}`);
    return book;
  }

  #worker(id: string): WorkerPage {
    const worker = this.#workers.get(id);
    must(worker !== undefined, () => `something for ${id}, which is not there`);
    return worker;
  }
}

/** The name of an attempt in the journal and in messages, which are about one job. */
function plain({ kind, task, attempt }: JobAttemptRef): AttemptRef {
  return { kind, task, attempt };
}

function hasFile({ accepted }: TaskPage): boolean {
  return accepted !== undefined && accepted.outputs.length > 0;
}

/** Whether a reply contains what is expected. */
function saysAll(result: Reply, expected: Partial<Reply>): boolean {
  const said = result as Readonly<Record<string, unknown>>;
  return Object.entries(expected).every(([name, value]) => said[name] === value || equal(said[name], value));
}

/** The journal's part of a report, besides the identity of the attempt. */
function journaled({
  outputs,
  recordsIn,
  recordsOut,
  bytesIn,
  bytesOut,
  keys,
  spills,
  spilledBytes,
  counters,
  skipped,
  sampled,
  sideFiles,
  checksum,
}: Extract<AttemptOutcome, { type: "done" }>): Partial<JournalRecord> {
  const measures = { recordsIn, recordsOut, bytesIn, bytesOut, keys, spills, spilledBytes, counters };
  const ofOutput = checksum === undefined ? {} : { checksum };
  return { outputs, ...measures, skipped, sideFiles, ...ofOutput, ...(sampled === undefined ? {} : { sampled }) };
}
