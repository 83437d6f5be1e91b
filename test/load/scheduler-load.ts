import type { Effect, Event } from "../../src/scheduler/cluster/events.js";
import { step } from "../../src/scheduler/cluster/step.js";
import type { DoneOutcome } from "../../src/scheduler/job/task.js";
import { noMeasures } from "../../src/model/measures.js";
import type { Assignment } from "../../src/model/assignment.js";
import type { AttemptRef, OutputFile } from "../../src/model/attempt.js";
import { jobSettings } from "../support/job-settings.js";
import { type OneJob, ofJob, oneJob } from "../scheduler/one-job.js";
import { Durations, type DurationSummary } from "./durations.js";
import type { JobSize } from "./messages.js";

export interface CoreLoad {
  /** How long steps took, by the type of their event. */
  readonly steps: Readonly<Record<string, DurationSummary>>;
  readonly elapsedMs: number;
  /** The memory of the finished job's state, if the garbage collector could be run. */
  readonly stateBytes: number;
}

/** Plays a whole job through the scheduler alone, without sockets, files or clock. Every attempt succeeds. */
export function loadScheduler(size: JobSize): CoreLoad {
  const before = usedBytes();
  const player = new CorePlayer(size);
  const startMs = performance.now();
  player.play(size);
  return { steps: player.durations(), elapsedMs: performance.now() - startMs, stateBytes: usedBytes() - before };
}

class CorePlayer {
  readonly #job: OneJob;
  readonly #outputs: OutputFile[];
  readonly #durations = new Map<string, Durations>();
  /** The worker and the request, by the number of the call. */
  readonly #askers = new Map<number, string>();
  /** The running attempts, longest first. */
  #running: { worker: string; ref: AttemptRef }[] = [];
  #lastCall = 0;
  #now = 0;

  constructor({ partitions }: JobSize) {
    this.#outputs = Array.from({ length: partitions }, (_, partition) => [partition, 65_536 + partition, partition]);
    this.#job = oneJob(jobSettings({ reducers: partitions }), { args: {} });
  }

  play({ splits, workers }: JobSize): void {
    const split = (n: number) => [{ file: "f", path: "/f", startBytes: n, endBytes: n + 1 }];
    const app = { name: "load", hash: "0", input: "lines" } as const;
    this.#step({
      type: "planned",
      job: "job",
      app,
      args: {},
      splits: Array.from({ length: splits }, (_, n) => split(n)),
    });
    for (let n = 1; n <= workers; n++) {
      this.#ask("", (call) => ({ type: "registered", call, pid: n, host: "here" }));
      this.#ask(`w${n}`, (call) => ({ type: "taskRequested", call, worker: `w${n}` }));
    }
    while (this.#running.length > 0) {
      const round = this.#running;
      this.#running = [];
      for (const { worker, ref } of round) this.#finish(worker, ref);
      this.#step({ type: "tick" });
    }
    if (this.#job.state.phase !== "done")
      throw new Error(`the job has come to phase ${this.#job.state.phase} and no further`);
  }

  durations(): CoreLoad["steps"] {
    return Object.fromEntries([...this.#durations].map(([type, durations]) => [type, durations.summary()]));
  }

  #finish(worker: string, ref: AttemptRef): void {
    const attempts = [{ ref: ofJob(ref), records: 1, bytes: 1 }];
    this.#ask(worker, (call) => ({ type: "heartbeat", call, worker, attempts, memoryBytes: 1 }));
    for (let from = 0; ref.kind === "reduce" && from < this.#job.state.maps.length; from += 1000) {
      this.#ask(worker, (call) => ({ type: "inputsAsked", call, worker, ref: ofJob(ref), from }));
    }
    this.#ask(worker, (call) => ({ type: "commitAsked", call, worker, ref: ofJob(ref) }));
    const outcome: DoneOutcome = {
      type: "done",
      outputs: ref.kind === "map" ? this.#outputs : [],
      skipped: [],
      sideFiles: [],
      ...{ ...noMeasures(), recordsIn: 1, recordsOut: 1, bytesIn: 1, bytesOut: 1, keys: 1 },
    };
    this.#ask(worker, (call) => ({ type: "attemptEnded", call, worker, ref: ofJob(ref), outcome, leaving: false }));
  }

  #ask(worker: string, toEvent: (call: number) => Event): void {
    this.#lastCall += 1;
    this.#askers.set(this.#lastCall, worker);
    this.#step(toEvent(this.#lastCall));
  }

  #step(event: Event): void {
    this.#now += 0.1;
    const startMs = performance.now();
    const effects = step(this.#job.cluster, event, this.#now);
    const tookMs = performance.now() - startMs;
    let durations = this.#durations.get(event.type);
    if (durations === undefined) this.#durations.set(event.type, (durations = new Durations()));
    durations.add(tookMs);
    for (const effect of effects) if (effect.type === "reply") this.#take(effect);
  }

  #take({ call, result }: Extract<Effect, { type: "reply" }>): void {
    const worker = this.#askers.get(call) ?? "";
    this.#askers.delete(call);
    const assignment = assignmentIn(result);
    if (assignment?.type === "map" || assignment?.type === "reduce")
      this.#running.push({ worker, ref: assignment.ref });
    else if (assignment?.type === "wait") {
      this.#ask(worker, (next) => ({ type: "taskRequested", call: next, worker }));
    }
  }
}

function assignmentIn(result: Extract<Effect, { type: "reply" }>["result"]): Assignment | undefined {
  if ("next" in result && typeof result.next === "object") return result.next;
  if ("type" in result && result.type !== "page" && result.type !== "stale") return result;
  return undefined;
}

function usedBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
