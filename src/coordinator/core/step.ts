import { excessOf } from "../../rpc/measures.js";
import { assignTo, assignToParked } from "./assign.js";
import { listBoundaries } from "./boundaries.js";
import { commitAttempt, decideCommit, findAttempt } from "./commit.js";
import { endIfOver, endJob } from "./ending.js";
import { listInputs } from "./inputs.js";
import { loseAttempt } from "./losses.js";
import type { Effect, Event } from "./events.js";
import type { State, Worker } from "./model.js";
import { hasEnded } from "./model.js";
import { beginMapPhase, planTasks } from "./plan.js";
import { unpark } from "./release.js";
import { disconnect, hear, presumeDead, register } from "./workers.js";

/** The events that a registered worker sends. */
type WorkerEvent = Extract<Event, { worker: string }>;
type EventOf<Type extends Event["type"]> = Extract<Event, { type: Type }>;

/**
 * Takes one event into the state, at time `now` (milliseconds, any origin, never backwards), and returns what is to be
 * done about it, in order. The state is changed in place: a job of 50,000 tasks is not copied per event.
 */
export function step(state: State, event: Event, now: number): Effect[] {
  const effects: Effect[] = [];
  switch (event.type) {
    case "planned":
      // Aborted while the inputs were still looked at: the plan comes too late.
      if (!hasEnded(state)) plan(state, event, effects);
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

/** A job that was draining, and whose tasks took too long, is stopped as it would have been: what is done is kept. */
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
      effects.push({ type: "reply", call: event.call, result: { cancel: noteProgress(worker, event) } });
      break;
    case "heard":
  }
}

/** A `RequestTask` is answered when there is something to answer: at the end of this step, or of a later one. */
function park(state: State, worker: Worker, call: number, now: number, effects: Effect[]): void {
  // Who asks for work runs nothing: an attempt that we still count as its own was given up by it.
  const message = "its worker asked for another task";
  if (worker.running !== undefined) loseAttempt(state, worker, { class: "crash", message }, now, effects);
  unpark(state, worker, { type: "wait" }, effects);
  worker.parkedCall = call;
  state.parked.add(worker);
}

/** Takes the end of an attempt in; false when the attempt had been revoked before. */
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
    // The record of which it has failed may be the only one that the app reads them for.
    state.argUse.add(outcome.argUse);
    loseAttempt(state, worker, outcome, now, effects);
    // Elsewhere first: a worker that waits gets the task before the one that failed it is asked.
    assignToParked(state, now, effects);
    return true;
  }
  if (found.attempt.state === "committing") {
    const excess = ref.kind === "sample" ? undefined : excessOf(state.measures[ref.kind], outcome);
    if (excess === undefined) commitAttempt(state, worker, outcome, now, effects);
    else loseAttempt(state, worker, { class: "fatal", message: excess }, now, effects);
    return excess === undefined;
  }
  loseAttempt(state, worker, { class: "error", message: "it ended without leave to commit" }, now, effects);
  return false;
}

/** A worker has one slot: to one that runs a task, or whose `RequestTask` waits for one, its report brings no other. */
function nextFor(state: State, worker: Worker, now: number, effects: Effect[]): ReturnType<typeof assignTo> {
  const free = worker.running === undefined && worker.parkedCall === undefined;
  return free ? assignTo(state, worker, now, effects) : { type: "wait" };
}

/** Keeps how far the attempts are; returns those that are no longer the worker's. */
function noteProgress(
  worker: Worker,
  { attempts, memoryBytes }: EventOf<"heartbeat">,
): EventOf<"commitAsked">["ref"][] {
  worker.memoryBytes = memoryBytes;
  return attempts.flatMap(({ ref, records, bytes }) => {
    const found = findAttempt(worker, ref);
    if (found === undefined) return [ref];
    Object.assign(found.attempt, { records, bytes });
    return [];
  });
}
