import { excessOf } from "../model/measures.js";
import { assignTo, assignToParked } from "./assign.js";
import { listBoundaries } from "./boundaries.js";
import { commitAttempt, decideCommit, findAttempt } from "./commit.js";
import { endIfOver, endJob } from "./ending.js";
import { listInputs } from "./inputs.js";
import { loseAttempt } from "./losses.js";
import type { Effect, Event } from "./events.js";
import { type State, type Worker, hasEnded } from "./model.js";
import { beginMapPhase, planTasks } from "./plan.js";
import { unpark } from "./release.js";
import { changeApp } from "./restore.js";
import { reserveStarts } from "./reserve-starts.js";
import { excessOfSkips } from "./skips.js";
import { disconnect, hear, presumeDead, register } from "./workers.js";

/** The events that a registered worker sends. */
type WorkerEvent = Extract<Event, { worker: string }>;
type EventOf<Type extends Event["type"]> = Extract<Event, { type: Type }>;

/**
 * Applies one event at time `now` (milliseconds, any origin, never backwards) and returns the resulting effects in
 * order. The state is modified in place: copying a job of 50,000 tasks for every event would be too slow.
 */
export function step(state: State, event: Event, now: number): Effect[] {
  const effects: Effect[] = [];
  switch (event.type) {
    case "planned":
      // The job was aborted while the inputs were being examined: the plan comes too late.
      if (!hasEnded(state)) plan(state, event, effects);
      break;
    case "appChanged":
      changeApp(state, event.app, now, effects);
      break;
    case "registered":
      register(state, event, now, effects);
      break;
    case "tick":
      presumeDead(state, now, effects);
      break;
    case "drained":
      state.draining = true;
      break;
    case "aborted":
      if (!hasEnded(state)) abort(state, event.message, effects);
      break;
    case "disconnected":
      disconnect(state, event, now, effects);
      break;
    default:
      takeFromWorker(state, event, now, effects);
  }
  endIfOver(state, effects);
  assignToParked(state, now, effects);
  return effects;
}

function plan(state: State, event: EventOf<"planned">, effects: Effect[]): void {
  if (state.phase !== "waiting") throw new Error(`cannot plan a job that is in phase ${state.phase}`);
  planTasks(state, event);
  effects.push({ type: "journal", record: event });
  beginMapPhase(state, effects);
}

/** Stops a draining job whose tasks took too long, keeping all completed work; aborts any other. */
function abort(state: State, message: string, effects: Effect[]): void {
  if (state.draining) endJob(state, "stopped", undefined, effects);
  else endJob(state, "failed", { message, isAbort: true }, effects);
}

function takeFromWorker(
  state: State,
  event: Exclude<WorkerEvent, EventOf<"disconnected">>,
  now: number,
  effects: Effect[],
): void {
  const worker = state.workers.get(event.worker);
  if (worker === undefined) {
    if (event.type !== "heard") effects.push({ type: "unknownWorker", call: event.call, worker: event.worker });
    return;
  }
  hear(worker, now, effects);
  switch (event.type) {
    case "taskRequested":
      park(state, worker, event.call, now, effects);
      break;
    case "boundariesAsked":
      effects.push({ type: "reply", call: event.call, result: listBoundaries(state, event.from) });
      break;
    case "inputsAsked":
      effects.push({ type: "reply", call: event.call, result: listInputs(state, worker, event.ref, event.from) });
      break;
    case "startsAsked":
      effects.push({ type: "reply", call: event.call, result: reserveStarts(state, event.wanted, now) });
      break;
    case "commitAsked": {
      const granted = decideCommit(state, worker, event.ref, now);
      effects.push({ type: "reply", call: event.call, result: { granted } });
      break;
    }
    case "attemptEnded": {
      const accepted = settle(state, worker, event, now, effects);
      const next = event.leaving ? ({ type: "wait" } as const) : nextFor(state, worker, now, effects);
      effects.push({ type: "reply", call: event.call, result: { accepted, next } });
      break;
    }
    case "heartbeat":
      effects.push({ type: "reply", call: event.call, result: { cancel: noteProgress(worker, event, now) } });
      break;
    case "heard":
  }
}

/** Answers a `RequestTask` when there is work: at the end of this step or of a later one. */
function park(state: State, worker: Worker, call: number, now: number, effects: Effect[]): void {
  // A worker that requests a task runs none: it has given up any attempt that the state still assigns to it.
  const message = "its worker asked for another task";
  if (worker.running !== undefined) loseAttempt(state, worker, { class: "crash", message }, now, effects);
  unpark(state, worker, { type: "wait" }, effects);
  worker.parkedCall = call;
  state.parked.add(worker);
}

/** Records the end of an attempt. Returns false when the attempt had been revoked before. */
function settle(
  state: State,
  worker: Worker,
  { ref, outcome }: EventOf<"attemptEnded">,
  now: number,
  effects: Effect[],
): boolean {
  const found = findAttempt(worker, ref);
  if (found === undefined) return false;
  if (outcome.type === "failed") {
    // The record at which it failed may be the only one for which the app reads these args.
    state.argUse.add(outcome.argUse);
    loseAttempt(state, worker, outcome, now, effects);
    // Elsewhere first: a waiting worker gets the task before the worker that failed it.
    assignToParked(state, now, effects);
    return true;
  }
  if (found.attempt.state === "committing") {
    const { kind } = ref;
    const message = kind === "map" || kind === "reduce" ? excessOf(state.measures[kind], outcome) : undefined;
    const loss =
      message === undefined
        ? excessOfSkips(state, found.task, outcome.newlySkipped)
        : { class: "fatal" as const, message };
    if (loss === undefined) commitAttempt(state, worker, outcome, now, effects);
    else loseAttempt(state, worker, loss, now, effects);
    return loss === undefined;
  }
  loseAttempt(state, worker, { class: "error", message: "it ended without permission to commit" }, now, effects);
  return false;
}

/** A worker has one slot: a worker that runs a task, or has a waiting `RequestTask`, gets no other with its report. */
function nextFor(state: State, worker: Worker, now: number, effects: Effect[]): ReturnType<typeof assignTo> {
  const free = worker.running === undefined && worker.parkedCall === undefined;
  return free ? assignTo(state, worker, now, effects) : { type: "wait" };
}

/** Records the progress of attempts. Returns the attempts that no longer belong to the worker. */
function noteProgress(
  worker: Worker,
  { attempts, memoryBytes }: EventOf<"heartbeat">,
  now: number,
): EventOf<"commitAsked">["ref"][] {
  worker.memoryBytes = memoryBytes;
  return attempts.flatMap(({ ref, records, bytes }) => {
    const found = findAttempt(worker, ref);
    if (found === undefined) return [ref];
    const { attempt } = found;
    if (records === attempt.records && bytes === attempt.bytes) return [];
    Object.assign(attempt, { records, bytes, progressAtMs: now });
    return [];
  });
}
