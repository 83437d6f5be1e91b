/** How workers arrive, fall silent, return and leave. */
import { continueAttempt } from "../job/attempts.js";
import { growthText } from "../job/failure-text.js";
import { loseAttempt } from "../job/losses.js";
import { type Cluster, type Worker, unpark } from "./cluster.js";
import type { Effect, Event, FormerWorker } from "./events.js";
import { changeJob } from "./job-ends.js";

/** Registers a worker and replies with its id. A worker that comes back keeps its attempt. */
export function register(
  cluster: Cluster,
  { call, pid, host, former }: Extract<Event, { type: "registered" }>,
  now: number,
  effects: Effect[],
): void {
  const jobs = [...cluster.jobs.values()];
  cluster.workersJoined = 1 + Math.max(cluster.workersJoined, ...jobs.map(({ lastFormerWorker }) => lastFormerWorker));
  // Its app is the job's, whether that has changed or not.
  for (const job of jobs) job.awaitsChangedApp = false;
  const worker: Worker = {
    id: `w${cluster.workersJoined}`,
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
  cluster.workers.set(worker.id, worker);
  const was = former === undefined ? "" : `, which was ${former.worker}`;
  effects.push({ type: "log", level: "info", message: `worker ${worker.id} joined (pid ${pid} on ${host})${was}` });
  const keepsAttempt = former !== undefined && keep(cluster, worker, former, now, effects);
  effects.push({ type: "reply", call, result: { worker: worker.id, keepsAttempt } });
}

/** Whether a worker that came back keeps its attempt, which then continues in its slot. */
function keep(
  cluster: Cluster,
  worker: Worker,
  { worker: id, attempt }: FormerWorker,
  now: number,
  effects: Effect[],
): boolean {
  if (attempt === undefined) return false;
  const job = cluster.jobs.get(attempt.job);
  if (job === undefined) return false;
  return changeJob(cluster, job, now, effects, (requested) => {
    return continueAttempt(job, worker, id, attempt, now, requested);
  });
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
 * Presumes workers dead that were silent for too long, and takes their attempts away (paper section 3.3). Pings
 * workers that were silent for half that time.
 */
export function presumeDead(cluster: Cluster, now: number, effects: Effect[]): void {
  const { silenceMaxMs, workers } = cluster;
  for (const worker of workers.values()) {
    const silentMs = now - worker.lastHeardMs;
    if (worker.state === "silent" || silentMs < silenceMaxMs / 2) continue;
    if (silentMs < silenceMaxMs) {
      if (!worker.pinged) effects.push({ type: "ping", worker: worker.id });
      worker.pinged = true;
      continue;
    }
    worker.state = "silent";
    const message = `worker ${worker.id} was silent for ${Math.round(silentMs)} ms: presumed dead`;
    effects.push({ type: "log", level: "warn", message });
    loseAttemptOf(cluster, worker, { class: "crash", message }, now, effects);
  }
}

/** The worker's connection closed: the worker and its attempt are lost at once. */
export function disconnect(
  cluster: Cluster,
  { worker: id, record }: Extract<Event, { type: "disconnected" }>,
  now: number,
  effects: Effect[],
): void {
  const worker = cluster.workers.get(id);
  if (worker === undefined) return;
  const message = `its worker's connection closed${growthText(worker)}`;
  loseAttemptOf(cluster, worker, { class: "crash", message, record }, now, effects);
  // No worker receives it, but every call must be answered.
  unpark(cluster, worker, { type: "wait" }, effects);
  cluster.workers.delete(id);
  if ([...cluster.jobs.values()].some(({ phase }) => phase === "map" || phase === "reduce")) {
    effects.push({ type: "log", level: "info", message: `worker ${id} left` });
  }
}

/** The attempt of this worker is lost, if it runs one. */
export function loseAttemptOf(
  cluster: Cluster,
  worker: Worker,
  loss: { readonly class: "crash"; readonly message: string; readonly record?: number | undefined },
  now: number,
  effects: Effect[],
): void {
  const { running } = worker;
  if (running === undefined) return;
  changeJob(cluster, running.job, now, effects, (requested) => {
    loseAttempt(running.job, worker, loss, now, requested);
  });
}
