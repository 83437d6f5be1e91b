/** Workers that ask for a task: a call waits until a job has one. */
import type { Assignment } from "../../model/assignment.js";
import { assignBackup, assignTask } from "../job/assign.js";
import { outcomeOf } from "../job/job.js";
import { type Cluster, type Worker, unpark } from "./cluster.js";
import type { Effect } from "./events.js";
import { areJobsOver, changeJob } from "./job-ends.js";
import { loseAttemptOf } from "./workers.js";

/** Answers a `RequestTask` when there is work: at the end of this step or of a later one. */
export function park(cluster: Cluster, worker: Worker, call: number, now: number, effects: Effect[]): void {
  // A worker that requests a task runs none: it has given up any attempt that the state still assigns to it.
  loseAttemptOf(cluster, worker, { class: "crash", message: "its worker asked for another task" }, now, effects);
  unpark(cluster, worker, { type: "wait" }, effects);
  worker.parkedCall = call;
  cluster.parked.add(worker);
}

/**
 * Decides what an idle worker does next: run a new task of the first job that has one, or else a backup of a slow one,
 * wait, or leave.
 */
function assignTo(cluster: Cluster, worker: Worker, now: number, effects: Effect[]): Assignment {
  const lastEnded = [...cluster.ended].at(-1);
  if (lastEnded !== undefined && areJobsOver(cluster)) return { type: "exit", outcome: outcomeOf(lastEnded) };
  for (const assign of [assignTask, assignBackup]) {
    for (const job of cluster.jobs.values()) {
      const assignment = changeJob(cluster, job, now, effects, (requested) => assign(job, worker, now, requested));
      if (assignment !== undefined) return assignment;
    }
  }
  return { type: "wait" };
}

/** Answers waiting `RequestTask` calls, oldest first, as far as there is work. */
export function assignToParked(cluster: Cluster, now: number, effects: Effect[]): void {
  for (const worker of [...cluster.parked]) {
    if (worker.state === "silent") continue;
    const assignment = assignTo(cluster, worker, now, effects);
    if (assignment.type === "wait") continue;
    unpark(cluster, worker, assignment, effects);
  }
}

/** A worker has one slot: a worker that runs a task, or has a waiting `RequestTask`, gets no other with its report. */
export function nextFor(cluster: Cluster, worker: Worker, now: number, effects: Effect[]): Assignment {
  const isFree = worker.running === undefined && worker.parkedCall === undefined;
  return isFree ? assignTo(cluster, worker, now, effects) : { type: "wait" };
}
