import { listBoundaries } from "../job/boundaries.js";
import { decideCommit } from "../job/commit.js";
import { findAttempt } from "../job/attempts.js";
import { listInputs } from "../job/inputs.js";
import { hasEnded, rateOf } from "../job/job.js";
import { abortJob, planJob } from "../job/phases.js";
import { changeApp } from "../job/restore.js";
import { settleAttempt } from "../job/settle.js";
import type { AttemptRef } from "../../model/attempt.js";
import { type Cluster, type Worker, jobAssignedTo, jobOf } from "./cluster.js";
import type { Effect, Event } from "./events.js";
import { changeJob, endJobsThatAreOver } from "./job-ends.js";
import { assignToParked, nextFor, park } from "./requests.js";
import { disconnect, hear, presumeDead, register } from "./workers.js";

/** The events that a registered worker sends. */
type WorkerEvent = Extract<Event, { worker: string }>;
type EventOf<Type extends Event["type"]> = Extract<Event, { type: Type }>;

/**
 * Applies one event at time `now` (milliseconds, any origin, never backwards) and returns the resulting effects in
 * order. The state is modified in place: copying a job of 50,000 tasks for every event would be too slow.
 */
export function step(cluster: Cluster, event: Event, now: number): Effect[] {
  const effects: Effect[] = [];
  switch (event.type) {
    case "registered":
      register(cluster, event, now, effects);
      break;
    case "tick":
      presumeDead(cluster, now, effects);
      break;
    case "disconnected":
      disconnect(cluster, event, now, effects);
      break;
    case "planned":
    case "appChanged":
    case "drained":
    case "aborted":
      takeForJob(cluster, event, now, effects);
      break;
    default:
      takeFromWorker(cluster, event, now, effects);
  }
  endJobsThatAreOver(cluster, now, effects);
  assignToParked(cluster, now, effects);
  return effects;
}

/** An event that the coordinator itself causes in one of its jobs. */
function takeForJob(
  cluster: Cluster,
  event: EventOf<"planned" | "appChanged" | "drained" | "aborted">,
  now: number,
  effects: Effect[],
): void {
  const job = jobOf(cluster, event.job);
  changeJob(cluster, job, now, effects, (requested) => {
    switch (event.type) {
      case "planned": {
        const { app, args, splits, sample } = event;
        // The job was aborted while the inputs were being examined: the plan comes too late.
        if (!hasEnded(job)) planJob(job, { app, args, splits, ...(sample === undefined ? {} : { sample }) }, requested);
        break;
      }
      case "appChanged":
        changeApp(job, event.app, now, requested);
        break;
      case "drained":
        job.draining = true;
        break;
      case "aborted":
        if (!hasEnded(job)) abortJob(job, event.message);
    }
  });
}

function takeFromWorker(
  cluster: Cluster,
  event: Exclude<WorkerEvent, EventOf<"disconnected">>,
  now: number,
  effects: Effect[],
): void {
  const worker = cluster.workers.get(event.worker);
  if (worker === undefined) {
    if (event.type !== "heard") effects.push({ type: "unknownWorker", call: event.call, worker: event.worker });
    return;
  }
  hear(worker, now, effects);
  switch (event.type) {
    case "taskRequested":
      park(cluster, worker, event.call, now, effects);
      break;
    case "boundariesAsked": {
      const result = listBoundaries(jobOf(cluster, event.job), event.from);
      effects.push({ type: "reply", call: event.call, result });
      break;
    }
    case "inputsAsked": {
      const result = listInputs(jobOf(cluster, event.ref.job), worker, event.ref, event.from);
      effects.push({ type: "reply", call: event.call, result });
      break;
    }
    case "startsAsked": {
      const job = jobOf(cluster, event.job);
      const result = job.startSlots.reserve(rateOf(job), event.wanted, now);
      effects.push({ type: "reply", call: event.call, result });
      break;
    }
    case "commitAsked":
      effects.push({ type: "reply", call: event.call, result: { granted: decideCommit(worker, event.ref, now) } });
      break;
    case "attemptEnded": {
      const accepted = settle(cluster, worker, event, now, effects);
      const next = event.leaving ? ({ type: "wait" } as const) : nextFor(cluster, worker, now, effects);
      effects.push({ type: "reply", call: event.call, ...jobAssignedTo(worker), result: { accepted, next } });
      break;
    }
    case "heartbeat":
      effects.push({ type: "reply", call: event.call, result: { cancel: noteProgress(worker, event, now) } });
      break;
    case "heard":
  }
}

/** Records the end of an attempt. Returns false when the attempt had been revoked before. */
function settle(
  cluster: Cluster,
  worker: Worker,
  { ref, outcome }: EventOf<"attemptEnded">,
  now: number,
  effects: Effect[],
): boolean {
  const found = findAttempt(worker, ref);
  if (found === undefined) return false;
  const accepted = changeJob(cluster, found.job, now, effects, (requested) => {
    return settleAttempt(found, worker, outcome, now, requested);
  });
  // Elsewhere first: a waiting worker gets the task before the worker that failed it.
  if (outcome.type === "failed") assignToParked(cluster, now, effects);
  return accepted;
}

/** Records the progress of attempts. Returns the attempts that no longer belong to the worker. */
function noteProgress(worker: Worker, { attempts, memoryBytes }: EventOf<"heartbeat">, now: number): AttemptRef[] {
  worker.memoryBytes = memoryBytes;
  return attempts.flatMap(({ ref, records, bytes }) => {
    const found = findAttempt(worker, ref);
    if (found === undefined) return [{ kind: ref.kind, task: ref.task, attempt: ref.attempt }];
    const { attempt } = found;
    if (records === attempt.records && bytes === attempt.bytes) return [];
    Object.assign(attempt, { records, bytes, progressAtMs: now });
    return [];
  });
}
