import { loseAttempt } from "./attempts.js";
import type { Effect, Event, State, Worker } from "./model.js";
import { unpark } from "./release.js";

/** Takes a worker in and gives it its id and the job's settings. */
export function register(
  state: State,
  { call, pid, host }: Extract<Event, { type: "registered" }>,
  now: number,
  effects: Effect[],
): void {
  state.workersJoined += 1;
  const worker: Worker = {
    id: `w${state.workersJoined}`,
    pid,
    host,
    state: "alive",
    lastHeardMs: now,
    memoryBytes: 0,
    pinged: false,
    running: undefined,
    parkedCall: undefined,
  };
  state.workers.set(worker.id, worker);
  const { id, reducers, directory, collectorBytes, taskTimeoutMs, heartbeatIntervalMs } = state.settings;
  const job = { id, reducers, directory, args: { ...state.args }, collectorBytes, taskTimeoutMs, heartbeatIntervalMs };
  effects.push({ type: "log", level: "info", message: `worker ${worker.id} joined (pid ${pid} on ${host})` });
  effects.push({ type: "reply", call, result: { worker: worker.id, job } });
}

/** Something came from the worker, so it lives. */
export function hear(worker: Worker, now: number, effects: Effect[]): void {
  worker.lastHeardMs = now;
  worker.pinged = false;
  if (worker.state === "alive") return;
  worker.state = "alive";
  effects.push({ type: "log", level: "info", message: `worker ${worker.id} is heard again` });
}

/**
 * Presumes dead who was silent for the task timeout, and takes its attempt away (paper section 3.3); asks who was
 * silent for half of it whether it is there.
 */
export function presumeDead(state: State, now: number, effects: Effect[]): void {
  const { taskTimeoutMs } = state.settings;
  for (const worker of state.workers.values()) {
    const silentMs = now - worker.lastHeardMs;
    if (worker.state === "silent" || silentMs < taskTimeoutMs / 2) continue;
    if (silentMs < taskTimeoutMs) {
      if (!worker.pinged) effects.push({ type: "ping", worker: worker.id });
      worker.pinged = true;
      continue;
    }
    worker.state = "silent";
    const message = `worker ${worker.id} was silent for ${Math.round(silentMs)} ms: presumed dead`;
    effects.push({ type: "log", level: "warn", message });
    if (worker.running !== undefined) loseAttempt(state, worker, { class: "crash", message }, now, effects);
  }
}

/** The worker's connection has closed: it is gone at once, and so is its attempt. */
export function disconnect(state: State, id: string, now: number, effects: Effect[]): void {
  const worker = state.workers.get(id);
  if (worker === undefined) return;
  const message = "its worker's connection closed";
  if (worker.running !== undefined) loseAttempt(state, worker, { class: "crash", message }, now, effects);
  // Nobody hears it, but every call has its answer.
  unpark(state, worker, { type: "wait" }, effects);
  state.workers.delete(id);
  if (state.phase === "map" || state.phase === "reduce") {
    effects.push({ type: "log", level: "info", message: `worker ${id} left` });
  }
}
