/**
 * The coordinator's process: the real scheduler in a shell that does what `coordinator.ts` does, on the simulated clock,
 * network and disk. After each step, the invariants and the ledger are checked.
 */
import { type Cluster, addJob, createCluster } from "../../src/scheduler/cluster/cluster.js";
import type { Effect, Event } from "../../src/scheduler/cluster/events.js";
import { resumeJob } from "../../src/scheduler/cluster/job-ends.js";
import { checkInvariants } from "../../src/scheduler/cluster/invariants.js";
import { step } from "../../src/scheduler/cluster/step.js";
import { type JobState, hasEnded, outputTasks } from "../../src/scheduler/job/job.js";
import type { JournalRecord } from "../../src/scheduler/job/effects.js";
import { restore } from "../../src/scheduler/job/restore.js";
import { type Task, refOf } from "../../src/scheduler/job/task.js";
import { intermediateName, jobFileKind, outputName } from "../../src/output/names.js";
import type { AttemptRef } from "../../src/model/attempt.js";
import { type JobOutcome, workerJobOf } from "../../src/model/job.js";
import type { ParamsOf } from "../../src/rpc/protocol.js";
import { describeReply } from "../scheduler/history-effects.js";
import { Ledger, type Resumed } from "../scheduler/ledger.js";
import type { Death } from "./faults.js";
import { Journal } from "./journal.js";
import type { Connection } from "./network.js";
import { Process } from "./process.js";
import { splitsOf } from "./word-count.js";
import type { Request, SimulatedJob, World } from "./world.js";

/** How a job was left. */
export interface Departure {
  readonly outcome: JobOutcome;
  readonly state: JobState;
  readonly isResumable: boolean;
}

/** What outlives a coordinator. */
export interface Chronicle {
  /** The ledger of the last coordinator. */
  ledger: Ledger | undefined;
  /** Every job that was ever begun, by id. */
  readonly begun: Map<string, SimulatedJob>;
}

/** A job of the coordinator. */
interface Hosted {
  readonly id: string;
  readonly job: SimulatedJob;
  readonly state: JobState;
  journal: Journal | undefined;
  outcome: JobOutcome | undefined;
}

interface Client {
  readonly connection: Connection;
  /** The worker that registered here. */
  worker: string | undefined;
}

const app = { name: "wc.js", hash: "0", input: "lines", combines: true } as const;
const leaveTimeoutMs = 300;

export class CoordinatorProcess {
  readonly process = new Process();
  /** In the order in which workers serve them. */
  readonly hosted: readonly Hosted[];
  readonly #world: World;
  readonly #onLeft: (departures: ReadonlyMap<SimulatedJob, Departure>) => void;
  readonly #ledger: Ledger;
  readonly #clients = new Set<Client>();
  readonly #calls = new Map<number, { readonly client: Client; readonly id: number }>();
  readonly #cluster: Cluster;
  /** How it will die in one of its next steps, and what happens then. */
  #death: { readonly how: Death; readonly onDead: () => void } | undefined;
  /** How the last job has ended, once all have. */
  #outcome: JobOutcome | undefined;
  #lastCall = 0;

  /** Begins jobs, or resumes those that have a journal. `onLeft` is called when it has left gracefully. */
  constructor(
    world: World,
    jobs: readonly SimulatedJob[],
    chronicle: Chronicle,
    machineCrashed: boolean,
    onLeft: (departures: ReadonlyMap<SimulatedJob, Departure>) => void,
  ) {
    this.#world = world;
    this.#onLeft = onLeft;
    const { nowMs } = world.timeline;
    this.#cluster = createCluster(world.settings.taskTimeoutMs);
    const found = new Map<Hosted, readonly JournalRecord[]>();
    this.hosted = jobs.map((job) => {
      const former = Journal.open(job.disk);
      const id = former?.header.job ?? `job${chronicle.begun.size}`;
      chronicle.begun.set(id, job);
      const state = addJob(this.#cluster, { ...job.settings, id }, undefined, nowMs);
      const hosted = { id, job, state, journal: former?.journal, outcome: undefined };
      if (former !== undefined) found.set(hosted, former.records);
      world.trace(() => `coordinator begins with ${id}, ${former === undefined ? "new" : "resumed"}`);
      return hosted;
    });
    const settings = this.hosted.map(({ state }) => state.settings);
    this.#ledger = new Ledger(world.settings.taskTimeoutMs, settings, chronicle.ledger);
    chronicle.ledger = this.#ledger;
    if (found.size > 0) this.#resume(found, machineCrashed);
    this.#planTick();
  }

  #resume(found: ReadonlyMap<Hosted, readonly JournalRecord[]>, machineCrashed: boolean): void {
    const { nowMs } = this.#world.timeline;
    const resumed = new Map<string, Resumed>();
    for (const [hosted, records] of found) for (const record of records) restore(hosted.state, record, nowMs);
    for (const [hosted, records] of found) {
      const isThere = (task: number) => hasOutput(hosted, task);
      const outputs = outputTasks(hosted.state);
      const isKept = (task: Task) => !outputs.includes(task) || isThere(task.index);
      const effects = resumeJob(this.#cluster, hosted.state, isKept, nowMs);
      resumed.set(hosted.id, { found: records, isThere, effects });
    }
    checkInvariants(this.#cluster, nowMs);
    this.#ledger.restart(machineCrashed, resumed);
    const effects = [...resumed.values()].flatMap((one) => one.effects);
    this.#write(effects, 1);
    for (const effect of effects) this.#carryOut(effect);
  }

  accept(connection: Connection): void {
    const client: Client = { connection, worker: undefined };
    connection.attach("coordinator", {
      receive: (message) => this.process.take(() => this.#receive(client, message as Request)),
      closed: () => this.process.take(() => this.#lose(client)),
    });
    this.process.take(() => this.#clients.add(client));
  }

  tell(event: Event): void {
    this.process.take(() => this.#step(event));
  }

  /** Dies now, or in the middle of a step, and soon at the latest. */
  die(how: Death, onDead: () => void): void {
    this.#death = { how, onDead };
    this.#world.timeline.after(how.when === "now" ? 0 : 200, () => this.#die());
  }

  /** The machine has lost power. */
  vanish(): void {
    this.process.kill();
  }

  #die(): void {
    if (!this.process.isAlive) return;
    this.#world.trace(() => "coordinator is dead");
    this.process.kill();
    for (const { connection } of this.#clients) connection.close("coordinator");
    this.#death?.onDead();
  }

  #planTick(): void {
    this.#world.timeline.after(this.#world.settings.taskTimeoutMs / 8, () => {
      this.process.take(() => {
        if (this.#outcome !== undefined) return;
        this.#step({ type: "tick" });
        this.#planTick();
      });
    });
  }

  #receive(client: Client, { id, method, params, job }: Request): void {
    if (method === "heard") {
      if (client.worker !== undefined) this.#step({ type: "heard", worker: client.worker });
      return;
    }
    if (method === "Register") {
      if (client.worker === undefined) this.#register(client, id, params as ParamsOf<"Register">);
      else client.connection.send("coordinator", { id, result: undefined });
      return;
    }
    const call = this.#newCall(client, id);
    const named = params as { worker: string };
    if (named.worker !== client.worker) client.connection.send("coordinator", { id, result: undefined });
    else this.#step(eventOf(call, job ?? "", method, named));
  }

  #register(client: Client, id: number, { pid, former }: ParamsOf<"Register">): void {
    for (const hosted of this.hosted) {
      if (this.process.isAlive && hosted.state.phase === "waiting") this.#plan(hosted);
    }
    const job = this.hosted.find((hosted) => hosted.id === former?.job)?.id;
    const attempt = former?.attempt && job !== undefined ? { ...former.attempt, job } : undefined;
    const known = job !== undefined && former !== undefined ? { worker: former.worker, attempt } : undefined;
    if (!this.process.isAlive) return;
    this.#step({ type: "registered", call: this.#newCall(client, id), pid, host: "host", former: known });
  }

  #plan(hosted: Hosted): void {
    const { id, job, state } = hosted;
    clear(job, () => true);
    hosted.journal = Journal.create(job.disk, { job: id });
    const splits = splitsOf(job.inputs);
    const isSampled = state.settings.partitioner === "range" && splits.length > 0;
    const sample = isSampled ? { sample: [splits.slice(0, 1), splits.slice(1)] } : {};
    this.#step({ type: "planned", job: id, app, args: {}, splits: splits.map((split) => [split]), ...sample });
  }

  #newCall(client: Client, id: number): number {
    this.#lastCall += 1;
    this.#calls.set(this.#lastCall, { client, id });
    return this.#lastCall;
  }

  #lose(client: Client): void {
    this.#clients.delete(client);
    const { worker } = client;
    if (worker !== undefined) {
      this.#step({ type: "disconnected", worker, record: this.#markedRecordOf(worker) });
    }
    this.#settleIfAlone();
  }

  /** The record that a worker was mapping when it died, if it left a marker. */
  #markedRecordOf(worker: string): number | undefined {
    const running = this.#cluster.workers.get(worker)?.running;
    if (running === undefined) return undefined;
    const { id, job } = this.#hostedOf(running.job.settings.id);
    const text = job.disk.read(markerName(id, refOf(running.task, running.attempt)));
    return text === undefined || text === "" ? undefined : Number(text);
  }

  #hostedOf(id: string): Hosted {
    const hosted = this.hosted.find((one) => one.id === id);
    if (hosted === undefined) throw new Error(`the coordinator has no job ${id}`);
    return hosted;
  }

  #step(event: Event): void {
    const { timeline } = this.#world;
    const effects = step(this.#cluster, event, timeline.nowMs);
    if (event.type !== "tick" && event.type !== "heartbeat" && event.type !== "heard") {
      this.#world.trace(() => `coordinator: ${JSON.stringify(event)}`);
    }
    checkInvariants(this.#cluster, timeline.nowMs);
    const death = effects.some(({ type }) => type === "journal") ? this.#death?.how : undefined;
    const carriedOut = carriedOutBefore(death, effects.length);
    this.#ledger.take(event, timeline.nowMs, effects, carriedOut);
    for (const { id, state } of this.hosted) {
      const phase = this.#ledger.phase(id);
      if (phase !== state.phase) throw new Error(`${id} is in phase ${state.phase}, not ${phase}`);
    }
    if (this.hosted.length > 1 && this.hosted.every(({ state }) => state.inProgress.size > 0)) {
      this.#world.count("two jobs run at once");
    }
    this.#write(effects, death?.when === "writing" ? death.share : 1);
    for (const effect of effects) this.#count(effect);
    for (const effect of effects.slice(0, carriedOut)) this.#carryOut(effect);
    if (death !== undefined && death.when !== "now") this.#die();
  }

  /** How often the scheduler had to handle faults: a simulation without any tests nothing. */
  #count(effect: Effect): void {
    const world = this.#world;
    if (effect.type === "journal" && effect.record.type === "lost") {
      world.count(effect.record.kind === "combine" ? "a combined file is lost" : "a map's files are lost");
    }
    if (effect.type === "journal" && effect.record.type === "combinesPlanned") world.count("combines are planned");
    if (effect.type === "journal" && effect.record.type === "committed" && effect.record.ref.kind === "combine") {
      world.count(effect.record.outputs.length === 0 ? "a combine has no file" : "a combine has a file");
    }
    if (effect.type === "journal" && effect.record.type === "skipped") world.count("a record is skipped");
    if (effect.type === "cancel") {
      const isOver = hasEnded(this.#hostedOf(effect.job).state);
      world.count(isOver ? "an attempt is recalled as its job has ended" : "an attempt is cancelled");
    }
    if (effect.type === "log" && effect.message.endsWith("a backup attempt")) world.count("a backup begins");
    if (effect.type === "log" && effect.message.endsWith("presumed dead")) world.count("a worker is presumed dead");
    if (effect.type === "log" && effect.message.includes(" is given up")) {
      world.count(effect.message.startsWith("sample") ? "a sample is given up" : "a combine is given up");
    }
    if (effect.type !== "reply") return;
    if ("boundaries" in effect.result && effect.result.boundaries.length > 0) world.count("a map has boundaries");
    if ("granted" in effect.result && !effect.result.granted) world.count("a permission is refused");
    if ("accepted" in effect.result && !effect.result.accepted) world.count("a report is stale");
  }

  #write(effects: readonly Effect[], share: number): void {
    for (const { id, journal } of this.hosted) {
      const records = effects.flatMap((effect) =>
        effect.type === "journal" && effect.job === id ? [effect.record] : [],
      );
      if (records.length > 0) journal?.write(records, share);
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case "reply":
      case "unknownWorker": {
        const call = this.#calls.get(effect.call);
        this.#calls.delete(effect.call);
        if (call === undefined) return;
        const result = effect.type === "reply" ? effect.result : undefined;
        const isRegistered = result !== undefined && "keepsAttempt" in result;
        if (isRegistered) call.client.worker = result.worker;
        const [first] = this.hosted;
        if (first === undefined) return;
        if (result !== undefined && !("cancel" in result)) {
          const { state } = effect.type === "reply" && effect.job !== undefined ? this.#hostedOf(effect.job) : first;
          this.#world.trace(() => `    reply to ${call.client.worker}: ${describeReply(result, state.maps.length)}`);
        }
        const { settings, args } = first.state;
        const sent = isRegistered ? { ...result, job: workerJobOf(settings, args) } : result;
        const job = effect.type === "reply" ? effect.job : undefined;
        call.client.connection.send("coordinator", { id: call.id, result: sent, job });
        break;
      }
      case "ping":
      case "cancel":
      case "shutdown":
        this.#world.trace(() => `    ${JSON.stringify(effect)}`);
        for (const { worker, connection } of this.#clients) {
          if (worker === effect.worker) connection.send("coordinator", effect);
        }
        break;
      case "log":
        this.#world.trace(() => `    ${effect.message}`);
        break;
      case "jobEnded":
        this.#world.trace(() => `    the job has ended: ${effect.outcome}`);
        this.#hostedOf(effect.job).outcome = effect.outcome;
        if (this.hosted.some(({ outcome }) => outcome === undefined)) return;
        this.#outcome = effect.outcome;
        this.#world.timeline.after(0, () => this.process.take(() => this.#settleIfAlone()));
        this.#world.timeline.after(leaveTimeoutMs, () => this.process.take(() => this.#settle()));
        break;
      case "journal":
    }
  }

  #settleIfAlone(): void {
    if ([...this.#clients].every(({ worker }) => worker === undefined)) this.#settle();
  }

  /** The jobs have ended: leaves their directories in their final state, and exits. */
  #settle(): void {
    const { unanswered } = this.#ledger;
    if (this.#outcome === undefined) return;
    const departures = new Map(this.hosted.map((hosted) => [hosted.job, settleJob(hosted)]));
    for (const { connection } of this.#clients) {
      connection.send("coordinator", { type: "shutdown", outcome: this.#outcome });
      connection.close("coordinator");
    }
    this.process.kill();
    if (unanswered.length > 0) throw new Error(`${JSON.stringify(unanswered)} were not answered`);
    this.#onLeft(departures);
  }
}

function settleJob(hosted: Hosted): Departure {
  const { job, state, journal, outcome = "failed" } = hosted;
  const isDone = outcome === "done";
  if (isDone) {
    const lost = outputTasks(state).find(({ index }) => !hasOutput(hosted, index));
    if (lost !== undefined) throw new Error(`the job is done, and the output of task ${lost.index} is not there`);
  }
  const isWorthKeeping = state.completed.map + state.completed.reduce > 0;
  const isResumable = isWorthKeeping && outcome === "stopped" && journal !== undefined;
  if (isResumable) job.disk.flushJournal();
  else job.disk.setJournal(undefined);
  clear(job, (kind) => kind === "temporary" || (!isResumable && (kind === "intermediate" || !isDone)));
  return { outcome, state, isResumable };
}

function clear({ disk }: SimulatedJob, isUseless: (kind: string) => boolean): void {
  for (const name of disk.names()) {
    const kind = jobFileKind(name);
    if (kind !== undefined && isUseless(kind)) disk.remove(name);
  }
}

function hasOutput({ state, job }: Hosted, task: number): boolean {
  const bytes = outputTasks(state)[task]?.commit?.done.bytesOut;
  return bytes !== undefined && job.disk.read(outputName(task))?.length === bytes;
}

/** The file in which a worker marks the record that it maps. */
export function markerName(job: string, { task, attempt }: AttemptRef): string {
  return `.mr-tmp-${job}-marker-${intermediateName(task, 0, attempt)}`;
}

/** How many effects of its last step a dying coordinator carries out. */
function carriedOutBefore(death: Death | undefined, effects: number): number {
  if (death === undefined || death.when === "now") return effects;
  return death.when === "writing" ? 0 : Math.floor(death.share * (effects + 1));
}

function eventOf(call: number, job: string, method: string, params: { worker: string }): Event {
  const named = <Params extends { readonly ref: AttemptRef }>(given: Params) => ({
    ...given,
    ref: { ...given.ref, job },
  });
  switch (method) {
    case "RequestTask":
      return { type: "taskRequested", call, ...params };
    case "ListBoundaries":
      return { type: "boundariesAsked", call, job, ...(params as ParamsOf<"ListBoundaries">) };
    case "ListInputs":
      return { type: "inputsAsked", call, ...named(params as ParamsOf<"ListInputs">) };
    case "MayCommit":
      return { type: "commitAsked", call, ...named(params as ParamsOf<"MayCommit">) };
    case "NotifyTaskCompletion":
      return { type: "attemptEnded", call, ...named(params as ParamsOf<"NotifyTaskCompletion">) };
    case "Heartbeat": {
      const { worker, attempts, memoryBytes } = params as ParamsOf<"Heartbeat">;
      return { type: "heartbeat", call, worker, attempts: attempts.map(named), memoryBytes };
    }
    default:
      throw new Error(`there is no method ${method}`);
  }
}
