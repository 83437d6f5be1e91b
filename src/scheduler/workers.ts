import type { AttemptRef } from "../model/attempt.js";
import { startAttempt } from "./assign.js";
import { awaitsCombines } from "./combine-tasks.js";
import { loseAttempt } from "./losses.js";
import type { Effect, Event, FormerWorker } from "./events.js";
import { type State, type Worker, hasEnded, taskName, tasksOf } from "./model.js";
import { unpark } from "./release.js";
import { moveTask } from "./transitions.js";

/** Registers a worker and replies with its id and the job's settings. A worker that comes back keeps its attempt. */
export function register(
  state: State,
  { call, pid, host, former }: Extract<Event, { type: "registered" }>,
  now: number,
  effects: Effect[],
): void {
  state.workersJoined += 1;
  // Its app is the job's, whether that has changed or not.
  state.awaitsChangedApp = false;
  const worker: Worker = {
    id: `w${state.workersJoined}`,
    pid,
    host,
    state: "alive",
    lastHeardMs: now,
    memoryBytes: 0,
    pinged: false,
    running: undefined,
    committed: 0,
    lost: 0,
    parkedCall: undefined,
  };
  state.workers.set(worker.id, worker);
  const was = former === undefined ? "" : `, which was ${former.worker}`;
  effects.push({ type: "log", level: "info", message: `worker ${worker.id} joined (pid ${pid} on ${host})${was}` });
  const keepsAttempt = former?.attempt !== undefined && adopt(state, worker, former, former.attempt, now, effects);
  effects.push({ type: "reply", call, result: { worker: worker.id, keepsAttempt, job: jobOf(state) } });
}

function jobOf({ settings, args }: State) {
  const { id, reducers, partitioner, output, directory, intermediatePrefix, collectorBytes, files } = settings;
  const { checksCombine, mapConcurrency, ratePerSecond, earlierCounters = [] } = settings;
  const { taskTimeoutMs, attemptTimeoutMs, heartbeatIntervalMs } = settings;
  const timeouts = {
    taskTimeoutMs,
    heartbeatIntervalMs,
    ...(attemptTimeoutMs === undefined ? {} : { attemptTimeoutMs }),
  };
  const data = { directory, intermediatePrefix, args: { ...args }, files: [...files], collectorBytes };
  const counters =
    earlierCounters.length === 0 ? {} : { earlierCounters: earlierCounters.map((ofStep) => [...ofStep]) };
  const checks = checksCombine === undefined ? {} : { checksCombine };
  const mapping = {
    ...(mapConcurrency === undefined ? {} : { mapConcurrency }),
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
  };
  return { id, reducers, partitioner, output, ...data, ...counters, ...checks, ...mapping, ...timeouts };
}

/**
 * Whether a worker that came back may continue its attempt: it held the attempt before, and the task is still
 * unfinished.
 */
function adopt(
  state: State,
  worker: Worker,
  former: FormerWorker,
  { kind, task: index, attempt }: AttemptRef,
  now: number,
  effects: Effect[],
): boolean {
  const task = tasksOf(state, kind)[index];
  if (task?.orphans.get(attempt) !== former.worker || hasEnded(state)) return false;
  task.orphans.delete(attempt);
  if (task.state === "completed" || task.attempts.size > 1 || awaitsCombines(state, task)) return false;
  if (task.state === "idle") {
    moveTask(task, "assigned", `to ${worker.id}, which already had it`, now);
    state.pending[kind].splice(state.pending[kind].indexOf(task), 1);
    state.inProgress.add(task);
  } else {
    moveTask(task, "backed up", `by ${worker.id}, which already had it`, now);
  }
  // The records it was told to skip are not known: it may map a record that is skipped by now.
  startAttempt(state, task, worker, { number: attempt, isBackup: false, skip: [] }, now);
  const journaled = { kind, task: index, attempt };
  effects.push({ type: "journal", record: { type: "began", ref: journaled, worker: worker.id } });
  effects.push({ type: "log", level: "info", message: `${worker.id} resumes ${taskName(task)}` });
  return true;
}

/** A message from the worker shows that it is alive. */
export function hear(worker: Worker, now: number, effects: Effect[]): void {
  worker.lastHeardMs = now;
  worker.pinged = false;
  if (worker.state === "alive") return;
  worker.state = "alive";
  effects.push({ type: "log", level: "info", message: `worker ${worker.id} responds again` });
}

/**
 * Presumes workers dead that were silent for the task timeout, and takes their attempts away (paper section 3.3). Pings
 * workers that were silent for half that time.
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

/** A worker that grew less was hardly killed for its memory. */
const grownBytesMin = 128 * 2 ** 20;

/** The worker's connection closed: the worker and its attempt are lost at once. */
export function disconnect(
  state: State,
  { worker: id, record }: Extract<Event, { type: "disconnected" }>,
  now: number,
  effects: Effect[],
): void {
  const worker = state.workers.get(id);
  if (worker === undefined) return;
  const message = `its worker's connection closed${growthText(state, worker)}`;
  const loss = { class: "crash" as const, message, record };
  if (worker.running !== undefined) loseAttempt(state, worker, loss, now, effects);
  // No worker receives it, but every call must be answered.
  unpark(state, worker, { type: "wait" }, effects);
  state.workers.delete(id);
  if (state.phase === "map" || state.phase === "reduce") {
    effects.push({ type: "log", level: "info", message: `worker ${id} left` });
  }
}

/**
 * Describes how much a worker grew in its attempt, by its last heartbeat. The system may have killed it for that. Empty
 * when it grew little.
 */
function growthText({ settings, app }: State, { running, memoryBytes }: Worker): string {
  if (running === undefined) return "";
  const { task, attempt } = running;
  const { memoryBytesBefore: before, records, bytes } = attempt;
  if (before === 0 || memoryBytes - before < grownBytesMin) return "";
  const [split, ...others] = task.splits ?? [];
  const isAtByte = split !== undefined && others.length === 0 && app?.input !== "own";
  const place = isAtByte ? `, near byte ${(split.contents ?? split).startBytes + bytes} of ${split.file}` : "";
  const what = task.kind === "map" ? "records" : "values";
  const pairs =
    task.kind === "map" ? `, of which the engine's pairs may take ${inMebibytes(settings.collectorBytes)}` : "";
  return (
    `; when last heard, it had done ${records} ${what} in this attempt${place}, ` +
    `and its process had grown from ${inMebibytes(before)} to ${inMebibytes(memoryBytes)}${pairs}`
  );
}

function inMebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
