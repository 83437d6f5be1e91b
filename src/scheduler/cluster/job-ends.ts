/** What the cluster does when one of its jobs ends: it tells the workers, which leave after the last job. */
import { recallAttempt } from "../job/attempts.js";
import type { JobEffect } from "../job/effects.js";
import { type JobState, hasEnded, outcomeOf } from "../job/job.js";
import { endIfOver } from "../job/phases.js";
import { resume } from "../job/restore.js";
import type { Task } from "../job/task.js";
import { type Cluster, unpark } from "./cluster.js";
import type { Effect } from "./events.js";

/**
 * Changes a job. The effects that the job requests become effects of the cluster, and if the change ends the job, its
 * workers are told.
 */
export function changeJob<Result>(
  cluster: Cluster,
  job: JobState,
  now: number,
  effects: Effect[],
  change: (effects: JobEffect[]) => Result,
): Result {
  const requested: JobEffect[] = [];
  const result = change(requested);
  for (const effect of requested) effects.push({ ...effect, job: job.settings.id });
  if (hasEnded(job) && !cluster.ended.has(job)) tellOfEnd(cluster, job, now, effects);
  return result;
}

/** Continues a restored job; see `restore.ts`. */
export function resumeJob(
  cluster: Cluster,
  job: JobState,
  isThere: (task: Task) => boolean,
  now: number,
): readonly Effect[] {
  const effects: Effect[] = [];
  changeJob(cluster, job, now, effects, (requested) => {
    resume(job, isThere, now, requested);
  });
  return effects;
}

/** Ends each job that has no work left. */
export function endJobsThatAreOver(cluster: Cluster, now: number, effects: Effect[]): void {
  for (const job of cluster.jobs.values()) {
    if (hasEnded(job)) continue;
    endIfOver(job);
    if (hasEnded(job)) tellOfEnd(cluster, job, now, effects);
  }
}

/** Whether the cluster has had jobs, and all have ended, so that workers leave. */
export function areJobsOver({ jobs, ended }: Cluster): boolean {
  return jobs.size > 0 && ended.size === jobs.size;
}

/**
 * Tells waiting and working workers at once, and the others when they next ask for a task. While there are other jobs, a
 * worker loses only its attempt.
 */
function tellOfEnd(cluster: Cluster, job: JobState, now: number, effects: Effect[]): void {
  cluster.ended.add(job);
  const outcome = outcomeOf(job);
  const isLast = areJobsOver(cluster);
  for (const worker of cluster.workers.values()) {
    const { running, parkedCall } = worker;
    if (!isLast) {
      if (running?.job !== job) continue;
      const requested: JobEffect[] = [];
      recallAttempt(running, now, requested);
      for (const effect of requested) effects.push({ ...effect, job: job.settings.id });
    } else if (parkedCall !== undefined) unpark(cluster, worker, { type: "exit", outcome }, effects);
    else if (running !== undefined) effects.push({ type: "shutdown", worker: worker.id, outcome });
  }
  effects.push({ type: "jobEnded", job: job.settings.id, outcome });
}
