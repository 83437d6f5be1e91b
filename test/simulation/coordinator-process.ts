/**
 * The coordinator's process: the real scheduler in a shell that does what `coordinator.ts` does, on the simulated clock,
 * network and disk. After each step, the invariants and the ledger are checked.
 */
import { type Cluster, addJob, createCluster } from "../../src/scheduler/cluster/cluster.js";
import type { Effect, Event } from "../../src/scheduler/cluster/events.js";
import { resumeJob } from "../../src/scheduler/cluster/job-ends.js";
import { checkInvariants } from "../../src/scheduler/cluster/invariants.js";
import { step } from "../../src/scheduler/cluster/step.js";
import { type JobState, outputTasks } from "../../src/scheduler/job/job.js";
import { restore } from "../../src/scheduler/job/restore.js";
import { type Task, refOf } from "../../src/scheduler/job/task.js";
import { intermediateName, jobFileKind, outputName } from "../../src/output/names.js";
import type { AttemptRef } from "../../src/model/attempt.js";
import { type JobOutcome, workerJobOf } from "../../src/model/job.js";
import type { ParamsOf } from "../../src/rpc/protocol.js";
import { describeReply } from "../scheduler/history-effects.js";
import { Ledger } from "../scheduler/ledger.js";
import type { Death } from "./faults.js";
import { Journal } from "./journal.js";
import type { Connection } from "./network.js";
import { Process } from "./process.js";
import { splitsOf } from "./word-count.js";
import type { Request, World } from "./world.js";

/** How the coordinator left. */
export interface Departure {
  readonly outcome: JobOutcome;
  readonly state: JobState;
  readonly isResumable: boolean;
}

/** The ledgers, by job id, which outlive a coordinator. */
export type Ledgers = Map<string, Ledger>;

interface Client {
  readonly connection: Connection;
  /** The worker that registered here. */
  worker: string | undefined;
}

const app = { name: "wc.js", hash: "0", input: "lines", combines: true } as const;
const leaveTimeoutMs = 300;

export class CoordinatorProcess {
  readonly process = new Process();
  readonly #world: World;
  readonly #onLeft: (departure: Departure) => void;
  readonly #ledger: Ledger;
  readonly #clients = new Set<Client>();
  readonly #calls = new Map<number, { readonly client: Client; readonly id: number }>();
  readonly #cluster: Cluster;
  readonly #state: JobState;
  #journal: Journal | undefined;
  /** How it will die in one of its next steps, and what happens then. */
  #death: { readonly how: Death; readonly onDead: () => void } | undefined;
  #outcome: JobOutcome | undefined;
  #lastCall = 0;

  /** Begins a job, or resumes the one in the journal. `onLeft` is called when it has left gracefully. */
  constructor(world: World, ledgers: Ledgers, machineCrashed: boolean, onLeft: (departure: Departure) => void) {
    this.#world = world;
    this.#onLeft = onLeft;
    const found = Journal.open(world.disk);
    const id = found?.header.job ?? `job${ledgers.size}`;
    const settings = { ...world.settings, id };
    const { nowMs } = world.timeline;
    this.#cluster = createCluster(settings.taskTimeoutMs);
    this.#state = addJob(this.#cluster, settings, undefined, nowMs);
    this.#journal = found?.journal;
    this.#ledger = ledgers.get(id) ?? new Ledger(settings.taskTimeoutMs, [settings]);
    ledgers.set(id, this.#ledger);
    world.trace(() => `coordinator begins with ${id}, ${found === undefined ? "new" : "resumed"}`);
    if (found !== undefined) {
      const isThere = (task: number) => this.#hasOutput(task);
      for (const record of found.records) restore(this.#state, record, nowMs);
      const outputs = outputTasks(this.#state);
      const isKept = (task: Task) => !outputs.includes(task) || isThere(task.index);
      const effects = resumeJob(this.#cluster, this.#state, isKept, nowMs);
      checkInvariants(this.#cluster, nowMs);
      this.#ledger.restart(machineCrashed, new Map([[id, { found: found.records, isThere, effects }]]));
      this.#write(effects, 1);
      for (const effect of effects) this.#carryOut(effect);
    }
    this.#planTick();
  }

  get job(): string {
    return this.#state.settings.id;
  }

  get state(): JobState {
    return this.#state;
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

  #receive(client: Client, { id, method, params }: Request): void {
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
    else this.#step(eventOf(call, this.#state.settings.id, method, named));
  }

  #register(client: Client, id: number, { pid, former }: ParamsOf<"Register">): void {
    if (this.#state.phase === "waiting") {
      this.#clear(() => true);
      this.#journal = Journal.create(this.#world.disk, { job: this.#state.settings.id });
      const splits = splitsOf(this.#world.inputs);
      const isSampled = this.#state.settings.partitioner === "range" && splits.length > 0;
      const sample = isSampled ? { sample: [splits.slice(0, 1), splits.slice(1)] } : {};
      this.#step({
        type: "planned",
        job: this.#state.settings.id,
        app,
        args: {},
        splits: splits.map((split) => [split]),
        ...sample,
      });
    }
    const job = this.#state.settings.id;
    const attempt = former?.attempt && { ...former.attempt, job };
    const known = former?.job === job ? { worker: former.worker, attempt } : undefined;
    if (!this.process.isAlive) return;
    this.#step({ type: "registered", call: this.#newCall(client, id), pid, host: "host", former: known });
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
    const text = this.#world.disk.read(markerName(this.#state.settings.id, refOf(running.task, running.attempt)));
    return text === undefined || text === "" ? undefined : Number(text);
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
    const phase = this.#ledger.phase(this.#state.settings.id);
    if (phase !== this.#state.phase) throw new Error(`the job is in phase ${this.#state.phase}, not ${phase}`);
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
    if (effect.type === "cancel") world.count("an attempt is cancelled");
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
    const records = effects.flatMap((effect) => (effect.type === "journal" ? [effect.record] : []));
    if (records.length > 0) this.#journal?.write(records, share);
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
        if (result !== undefined && !("cancel" in result)) {
          this.#world.trace(
            () => `    reply to ${call.client.worker}: ${describeReply(result, this.#state.maps.length)}`,
          );
        }
        const { settings, args } = this.#state;
        const sent = isRegistered ? { ...result, job: workerJobOf(settings, args) } : result;
        call.client.connection.send("coordinator", { id: call.id, result: sent });
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

  /** The job has ended: leaves the directory in its final state, and exits. */
  #settle(): void {
    if (this.#outcome === undefined) return;
    const { disk } = this.#world;
    const isDone = this.#outcome === "done";
    if (isDone) {
      const lost = outputTasks(this.#state).find(({ index }) => !this.#hasOutput(index));
      if (lost !== undefined) throw new Error(`the job is done, and the output of task ${lost.index} is not there`);
    }
    const isWorthKeeping = this.#state.completed.map + this.#state.completed.reduce > 0;
    const isResumable = isWorthKeeping && this.#outcome === "stopped" && this.#journal !== undefined;
    if (isResumable) disk.flushJournal();
    else disk.setJournal(undefined);
    this.#clear((kind) => kind === "temporary" || (!isResumable && (kind === "intermediate" || !isDone)));
    for (const { connection } of this.#clients) {
      connection.send("coordinator", { type: "shutdown", outcome: this.#outcome });
      connection.close("coordinator");
    }
    this.process.kill();
    this.#onLeft({ outcome: this.#outcome, state: this.#state, isResumable });
  }

  #clear(isUseless: (kind: string) => boolean): void {
    const { disk } = this.#world;
    for (const name of disk.names()) {
      const kind = jobFileKind(name);
      if (kind !== undefined && isUseless(kind)) disk.remove(name);
    }
  }

  #hasOutput(task: number): boolean {
    const bytes = outputTasks(this.#state)[task]?.commit?.done.bytesOut;
    return bytes !== undefined && this.#world.disk.read(outputName(task))?.length === bytes;
  }
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
